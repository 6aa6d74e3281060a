import { ConfigurationError, formatProblem } from '@parsec/config';
import { redact } from '@parsec/observability';
import { ParsecError } from '@parsec/plugin-sdk';

/** What somebody at a terminal reads when a command fails: the places for a bad configuration, one sentence for anything foreseen. */
export function reportFailure(error: unknown): string {
  if (error instanceof ConfigurationError) {
    const count = error.problems.length === 1 ? 'a problem' : `${error.problems.length} problems`;
    return redact(`The configuration has ${count}:\n${error.problems.map((problem) => `  ${formatProblem(problem)}\n`).join('')}`);
  }
  if (error instanceof ParsecError) return redact(`parsec cannot start: ${error.message} (${error.code})\n`);
  const { code, port, address } = error as { code?: string; port?: number; address?: string };
  if (code === 'EADDRINUSE') return `parsec cannot start: ${address}:${port} is in use already.\n`;
  return redact(`parsec failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
