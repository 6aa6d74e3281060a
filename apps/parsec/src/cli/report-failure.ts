import { ConfigurationError, formatProblem } from '@parsec/config';
import { redact } from '@parsec/observability';
import { hasCode, ParsecError } from '@parsec/plugin-sdk';

/** What the system means when a listener cannot be opened. */
const LISTEN_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use already',
  EACCES: 'this user may not use the port',
  EADDRNOTAVAIL: 'the address is none of this machine',
  ENOTFOUND: 'the host name is unknown',
};

/** What somebody at a terminal reads when a command fails: the places for a bad configuration, one sentence for anything foreseen. */
export function reportFailure(error: unknown): string {
  if (error instanceof ConfigurationError) {
    const count = error.problems.length === 1 ? 'a problem' : `${error.problems.length} problems`;
    return redact(`The configuration has ${count}:\n${error.problems.map((problem) => `  ${formatProblem(problem)}\n`).join('')}`);
  }
  if (hasCode(error, 'PARSEC_ADMIN_FAILED')) return redact(`${(error as Error).message}\n`);
  if (error instanceof ParsecError) return redact(`parsec cannot start: ${error.message} (${error.code})\n`);
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (syscall === 'listen' || syscall === 'getaddrinfo') {
    return `parsec cannot start: it cannot listen on ${address ?? 'its host'}${port === undefined ? '' : `:${port}`}: ${LISTEN_FAILURES[code ?? ''] ?? code}.\nserver.http_port, server.management_port and their hosts say where parsec listens.\n`;
  }
  return redact(`parsec failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
