import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { freePort } from '@parsec/quickstart';

/** A Redis of its own, on loopback, that keeps nothing. */
export interface Redis {
  /** `redis://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it, also a paused one. May be called again. */
  stop(): Promise<void>;
  /** It keeps its connections and answers nothing until {@link resume}. */
  pause(): void;
  resume(): void;
}

/**
 * Starts a Redis and waits until it serves.
 * @param program the path of `redis-server`
 * @param port left out: a free one. To come back where another one was, give its port.
 */
export async function spawnRedis(program: string, port?: number): Promise<Redis> {
  const chosen = port ?? (await freePort());
  const settings = { port: String(chosen), bind: '127.0.0.1', save: '', appendonly: 'no', dir: tmpdir() };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await Promise.race([ready(child), exited.then(() => Promise.reject(new Error('redis-server ended before it served')))]);
  const { pid } = child;
  if (pid === undefined) throw new Error('redis-server did not start');
  return {
    url: `redis://127.0.0.1:${chosen}`,
    port: chosen,
    pid,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
  };
}

async function ready(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve();
    });
  });
}
