import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('moto_server.py', import.meta.url));

/** What the SDK needs to talk to moto, which believes any credentials. */
export const MOTO_ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret-of-the-access-key',
  AWS_SESSION_TOKEN: 'token-of-the-session',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** moto, serving on a free loopback port. */
export class Moto {
  private constructor(
    readonly url: string,
    readonly process: ChildProcess,
  ) {}

  /** @param server the path of `moto_server` in its virtual environment */
  static async start(server: string): Promise<Moto> {
    const child = spawn(join(dirname(server), 'python'), [PROGRAM, '-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines: string[] = [];
    for await (const line of createInterface(child.stderr)) {
      lines.push(line);
      const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (url === undefined) continue;
      // Nobody reads on, and a full pipe would hold up the server.
      child.stderr.resume();
      return new Moto(url, child);
    }
    throw new Error(`moto ended: ${lines.join('\n')}`);
  }

  /** Runs `calls` while it answers nobody. */
  async whileStopped(calls: () => Promise<void>): Promise<void> {
    this.process.kill('SIGSTOP');
    try {
      await calls();
    } finally {
      this.process.kill('SIGCONT');
    }
  }

  async end(): Promise<void> {
    this.process.kill();
    await once(this.process, 'exit');
  }
}
