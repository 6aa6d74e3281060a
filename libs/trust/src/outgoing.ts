import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { isLoopbackHost, UnavailableError } from '@parsec/plugin-sdk';
import { Agent, ProxyAgent, request, type Dispatcher } from 'undici';
import { guardLookup, isForbiddenAddress, type NameResolver } from './address-guard.js';

/** How this process reaches others. */
export interface OutgoingSettings {
  /** Certificates of authorities (PEM) that are trusted beside those that Node brings. Default: none. */
  readonly authorities?: string;
  /** The URL of an HTTP proxy; everything but loopback and `noProxy` goes through it. Default: none. */
  readonly proxy?: string;
  /** Hosts that are reached directly; `.example` stands for all names below `example`. */
  readonly noProxy?: readonly string[];
}

/** Limits of {@link OutgoingClient.fetchJson}. */
export interface FetchLimits {
  /** Milliseconds for the whole answer. */
  readonly timeout: number;
  /** Bytes of the body. */
  readonly maxBytes: number;
  /** Whether plain http may be used beyond loopback. */
  readonly allowHttp: boolean;
}

/** What is asked for beyond a URL. */
export interface FetchOptions extends FetchLimits {
  /** The `ETag` of what is at hand already. */
  readonly etag?: string | undefined;
  /** Posts a form instead of asking for a document. */
  readonly post?: { readonly form: URLSearchParams; readonly authorization?: string };
}

export interface FetchedJson {
  /** `undefined` where what is at hand is still good (304). */
  readonly document: unknown;
  readonly etag: string | undefined;
  readonly cacheControl: string | undefined;
}

const CONNECT_TIMEOUT = 4_000;

/** Fetches JSON documents. */
export class OutgoingClient {
  readonly #direct: Agent;
  readonly #proxy: ProxyAgent | undefined;
  readonly #noProxy: readonly string[];

  constructor({ authorities, proxy, noProxy = [] }: OutgoingSettings = {}, resolveName: NameResolver = lookup) {
    const tls = authorities === undefined ? {} : { ca: [...rootCertificates, authorities] };
    const limits = { connections: 4, maxHeaderSize: 16 * 1024 };
    this.#direct = new Agent({ ...limits, connect: { ...tls, lookup: guardLookup(resolveName), timeout: CONNECT_TIMEOUT } });
    this.#proxy =
      proxy === undefined
        ? undefined
        : new ProxyAgent({ ...limits, uri: proxy, proxyTunnel: true, requestTls: tls, proxyTls: { ...tls, timeout: CONNECT_TIMEOUT } });
    this.#noProxy = noProxy.map((host) => host.toLowerCase());
  }

  /**
   * GETs a JSON document, or POSTs a form that is answered with one. Follows no redirect, and sends no credential but what is posted.
   * @throws UnavailableError that says in words what happened; the body is never part of it
   */
  async fetchJson(url: string, { timeout, maxBytes, allowHttp, etag, post }: FetchOptions, signal: AbortSignal): Promise<FetchedJson> {
    const target = checkUrl(url, allowHttp);
    try {
      const { statusCode, headers, body } = await request(target, {
        dispatcher: this.#dispatcher(target.hostname),
        headers: {
          accept: 'application/json, application/jwk-set+json',
          ...(etag === undefined ? {} : { 'if-none-match': etag }),
          ...(post === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...(post?.authorization === undefined ? {} : { authorization: post.authorization }),
        },
        ...(post === undefined ? {} : { method: 'POST' as const, body: post.form.toString() }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      });
      const isUnchanged = statusCode === 304 && etag !== undefined;
      const content = await read(body, statusCode === 200 ? maxBytes : 0);
      if (statusCode !== 200 && !isUnchanged) throw new UnavailableError(`answered with status ${statusCode}`);
      if (content === undefined && !isUnchanged) throw new UnavailableError(`answered with more than ${maxBytes} bytes`);
      return {
        document: isUnchanged ? undefined : parse(content ?? Buffer.of()),
        etag: isUnchanged ? etag : single(headers['etag']),
        cacheControl: single(headers['cache-control']),
      };
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      throw new UnavailableError(describe(error, timeout), { cause: error });
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#direct.destroy(), this.#proxy?.destroy()]);
  }

  #dispatcher(hostname: string): Dispatcher {
    const isDirect = isLoopbackHost(hostname) || this.#noProxy.some((host) => covers(host, hostname));
    return isDirect ? this.#direct : (this.#proxy ?? this.#direct);
  }
}

function covers(host: string, hostname: string): boolean {
  return host.startsWith('.') ? hostname.endsWith(host) : hostname === host;
}

/** @returns `undefined` where there is more than the limit; the rest is not read then */
async function read(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
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
