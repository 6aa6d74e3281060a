import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PARSEC = fileURLToPath(new URL('../../parsec/bin/parsec.js', import.meta.url));
const READY_POLL_MS = 25;

/** The built `parsec` as a child process. */
export interface ParsecProcess {
  readonly child: ChildProcess;
  /** Its exit code; that of a shell where a signal ended it. Never rejects. */
  readonly exited: Promise<number>;
  /** Asks it to end, as an orchestrator would, and waits until it has. */
  stop(): Promise<number>;
}

/**
 * Runs `parsec` from this checkout; `npm run build` comes first.
 * @param stdio where its output goes; left out: to this process's own
 */
export function spawnParsec(args: readonly string[], stdio: StdioOptions = 'inherit'): ParsecProcess {
  const child = spawn(process.execPath, [PARSEC, ...args], { stdio });
  const exited = new Promise<number>((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
  return {
    child,
    exited,
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

/**
 * Waits until the readiness probe answers 200.
 * @returns `false` where the process ended instead
 */
export async function becomesReady(parsec: ParsecProcess, managementUrl: string): Promise<boolean> {
  while (parsec.child.exitCode === null && parsec.child.signalCode === null) {
    const response = await fetch(`${managementUrl}/health/ready`).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.status === 200) return true;
    await setTimeout(READY_POLL_MS);
  }
  return false;
}
