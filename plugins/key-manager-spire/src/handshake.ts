import { isIP } from 'node:net';
import { isLoopbackHost, UnavailableError } from '@parsec/plugin-sdk';

/** The environment that tells a program it is run as a SPIRE key manager, of which version of go-plugin's application protocol. */
export const HANDSHAKE_ENVIRONMENT: Readonly<Record<string, string>> = { KeyManager: 'KeyManager', PLUGIN_PROTOCOL_VERSIONS: '1' };

/** Bytes; far more than a line with an address takes. */
export const MAX_HANDSHAKE = 1024;

/**
 * Reads the line with which a plugin says where it serves: `1|1|unix|/path|grpc|` or `1|1|tcp|127.0.0.1:port|grpc|`.
 * @returns the address as a target of gRPC
 * @throws UnavailableError where it is anything else: a later start of the program may do better
 */
export function readHandshake(line: string): string {
  const [core, application, network, address = '', protocol, certificate = ''] = line.trim().split('|');
  if (core !== '1' || application !== '1') throw unfit('does not begin as a SPIRE plugin does');
  if (protocol !== 'grpc') throw unfit('does not offer gRPC');
  if (certificate !== '') throw unfit('asks for TLS, which SPIRE plugins do not use');
  if (network === 'unix' && address.startsWith('/')) return `unix:${address}`;
  if (network === 'tcp') return loopbackTarget(address);
  throw unfit('names no address');
}

/** Whoever could listen beyond this machine could sign with these keys. */
function loopbackTarget(address: string): string {
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(address) ?? [];
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(bare);
  if (version === 0 || !isLoopbackHost(bare)) throw unfit('names an address beyond loopback');
  return version === 4 ? `ipv4:${bare}:${port}` : `ipv6:[${bare}]:${port}`;
}

function unfit(problem: string): UnavailableError {
  return new UnavailableError(`the first line of the plugin's output ${problem}`);
}
