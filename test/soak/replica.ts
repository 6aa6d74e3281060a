import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { becomesReady, freePort, loopbackUrl, spawnParsec, type ParsecProcess } from '@parsec/quickstart';

/** The built parsec in a process of its own. What it logs is written, and thrown away. */
export class Replica {
  #isOut = false;

  private constructor(
    readonly url: string,
    private readonly parsec: ParsecProcess,
  ) {}

  /**
   * Starts it and waits until it is ready.
   * @param directory made; its configuration and keys are put there
   */
  static async start(directory: string, configuration: object): Promise<Replica> {
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'parsec.yaml');
    // JSON is YAML.
    await writeFile(file, JSON.stringify(configuration));
    const [port, managementPort] = [await freePort(), await freePort()];
    const overrides = [`server.http_port=${port}`, `server.management_port=${managementPort}`].flatMap((set) => ['--set', set]);
    const parsec = spawnParsec(['serve', '--config', file, ...overrides], ['ignore', 'ignore', 'inherit']);
    if (await becomesReady(parsec, loopbackUrl(managementPort))) return new Replica(loopbackUrl(port), parsec);
    throw new Error('parsec did not start');
  }

  /** Whether a balancer would send requests to it. */
  get isIn(): boolean {
    return !this.#isOut && this.parsec.child.exitCode === null && this.parsec.child.signalCode === null;
  }

  /** Stops it in its tracks: it keeps its connections and answers nothing until {@link resume}. */
  pause(): void {
    this.#isOut = true;
    this.parsec.child.kill('SIGSTOP');
  }

  resume(): void {
    this.parsec.child.kill('SIGCONT');
    this.#isOut = false;
  }

  async stop(): Promise<void> {
    await this.parsec.stop();
  }
}
