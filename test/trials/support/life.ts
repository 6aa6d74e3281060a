import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PARSEC, type LogLine } from '../../support/parsec-server.js';

/** One run of the built program, until it is killed. */
export class Life {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #watchers = new Set<(line: LogLine) => void>();
  readonly #log: LogLine[] = [];
  readonly #output: string[] = [];
  #isKilled = false;

  /**
   * @param configurationFile its path
   * @param ports on which it serves, and is managed
   */
  constructor(configurationFile: string, ports: readonly [number, number]) {
    const overrides = [`server.http_port=${ports[0]}`, `server.management_port=${ports[1]}`].flatMap((set) => ['--set', set]);
    const child = spawn(process.execPath, [PARSEC, 'serve', '--config', configurationFile, ...overrides], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#ended = once(child, 'close');
    createInterface(child.stdout).on('line', (text) => {
      this.#output.push(text);
      // The last line of a program that is killed may be cut short.
      const line = read(text);
      if (line === undefined) return;
      this.#log.push(line);
      for (const watcher of this.#watchers) watcher(line);
    });
    child.stderr.on('data', (chunk: Buffer) => this.#output.push(chunk.toString()));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Everything it wrote so far. */
  get output(): string {
    return this.#output.join('\n');
  }

  /** Resolves with the first line of this message, also one that is there already; rejects where the program ends by itself. */
  logged(message: string): Promise<LogLine> {
    const there = this.#log.find(({ msg }) => msg === message);
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve, reject) => {
      this.#watchers.add((line) => {
        if (line.msg === message) resolve(line);
      });
      void this.ended().catch(reject);
    });
  }

  kill(): void {
    if (this.#isKilled) return;
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
  }

  /** Resolves once it was killed and is gone; rejects where it ended by itself. */
  async ended(): Promise<void> {
    await this.#ended;
    if (!this.#isKilled) throw new Error(`parsec ended by itself:\n${this.output}`);
  }
}

function read(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}
