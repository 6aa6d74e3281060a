import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { isLoopbackHost, UnavailableError } from '@parsec/plugin-sdk';
import { Agent, request } from 'undici';

/** Addresses that no outgoing request may reach, whoever wrote the host: link-local ones and cloud metadata services. */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4');
FORBIDDEN.addAddress('192.0.0.192', 'ipv4');
FORBIDDEN.addAddress('168.63.129.16', 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addSubnet('fd00:ec2::', 32, 'ipv6');
FORBIDDEN.addSubnet('fd20:ce::', 32, 'ipv6');
FORBIDDEN.addSubnet('fd00:42::', 32, 'ipv6');
// IPv4 addresses within IPv6 ones: NAT64 (RFC 6052, RFC 8215), IPv4-compatible (RFC 4291) and 6to4 (RFC 3056).
FORBIDDEN.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
FORBIDDEN.addAddress('64:ff9b::6464:64c8', 'ipv6');
FORBIDDEN.addSubnet('64:ff9b:1::', 48, 'ipv6');
FORBIDDEN.addSubnet('::a9fe:0', 112, 'ipv6');
FORBIDDEN.addSubnet('2002:a9fe::', 32, 'ipv6');

/** Whether a connection to this IP address is refused (SPEC: outgoing requests). IPv4-mapped IPv6 addresses count as IPv4. */
function isForbiddenAddress(address: string): boolean {
  return FORBIDDEN.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Checks addresses at the moment of connecting, so that a name cannot mean one address when it is checked and another when
 * it is used. One forbidden address among several spoils the name: a resolver that mixes them is not to be trusted.
 */
function guardLookup(resolveName: NameResolver): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => isForbiddenAddress(address))) {
        return callback(Object.assign(new Error('the name resolves to a forbidden address'), { code: 'EFORBIDDEN' }), []);
      }
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

/** Looks a name up, as `dns.lookup` does for all addresses. */
export type NameResolver = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Limits of {@link fetchJson}. */
export interface FetchLimits {
  /** Milliseconds for the whole answer. */
  readonly timeout: number;
  /** Bytes of the body. */
  readonly maxBytes: number;
  /** Whether plain http may be used beyond loopback. */
  readonly allowHttp: boolean;
}

export interface FetchedJson {
  readonly document: unknown;
  readonly cacheControl: string | undefined;
}

/** Fetches JSON documents of hosts that the operator wrote. */
export class OutgoingClient {
  readonly #agent: Agent;

  constructor(resolveName: NameResolver = lookup) {
    const connect = { lookup: guardLookup(resolveName), timeout: 5_000 };
    this.#agent = new Agent({ connect, connections: 4, maxHeaderSize: 16 * 1024 });
  }

  /**
   * GETs a JSON document. Follows no redirect and sends no credential.
   * @throws UnavailableError that says in words what happened; the body is never part of it
   */
  async fetchJson(url: string, { timeout, maxBytes, allowHttp }: FetchLimits, signal: AbortSignal): Promise<FetchedJson> {
    const target = checkUrl(url, allowHttp);
    try {
      const response = await request(target, {
        dispatcher: this.#agent,
        headers: { accept: 'application/json, application/jwk-set+json' },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      });
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of response.body as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (response.statusCode !== 200 || length > maxBytes) break;
        chunks.push(chunk);
      }
      if (response.statusCode !== 200) throw new UnavailableError(`answered with status ${response.statusCode}`);
      if (length > maxBytes) throw new UnavailableError(`answered with more than ${maxBytes} bytes`);
      const cacheControl = response.headers['cache-control'];
      return { document: parse(Buffer.concat(chunks)), cacheControl: Array.isArray(cacheControl) ? cacheControl[0] : cacheControl };
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      throw new UnavailableError(describe(error, timeout), { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function checkUrl(url: string, allowHttp: boolean): URL {
  const target = new URL(url);
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = target.protocol === 'https:' || (target.protocol === 'http:' && (allowHttp || isLoopbackHost(host)));
  if (!secure) throw new UnavailableError('is not an https URL');
  // A literal address is never looked up, so the guard at the connection does not see it.
  if (isIP(host) !== 0 && isForbiddenAddress(host)) throw new UnavailableError('is at a forbidden address');
  return target;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new UnavailableError('answered with something that is not JSON', { cause: error });
  }
}

function describe(error: unknown, timeout: number): string {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError') return `did not answer within ${timeout}ms`;
  return `could not be reached${typeof code === 'string' ? ` (${code})` : ''}`;
}
