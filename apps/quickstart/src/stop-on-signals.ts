import type { ParsecProcess } from './parsec-process.js';

/**
 * Ends parsec when this process is asked to end. Only once: a terminal's Ctrl-C reaches parsec as well, and npm passes it on a second time.
 */
export function stopOnSignals(parsec: ParsecProcess): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void parsec.stop();
    });
  }
}
