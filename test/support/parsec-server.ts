import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import { freePort } from '@parsec/quickstart';

/** The program as it is built and installed. */
export const PARSEC = fileURLToPath(new URL('../../apps/parsec/bin/parsec.js', import.meta.url));

const running = new Set<ChildProcess>();
// A test that fails does not come to its end; what it started must not keep Jest from coming to its own.
afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** The built program, serving. */
export interface ParsecServer {
  readonly url: string;
  readonly managementUrl: string;
  /** Where its configuration and keys are. */
  readonly directory: string;
  /** Every line so far, oldest first. */
  readonly log: readonly LogLine[];
  /** Everything it wrote so far, byte for byte. */
  readonly output: () => string;
  /** Waits for a line that fits, also one that is there already. */
  logged(fits: (line: LogLine) => boolean): Promise<LogLine>;
  post(form: URLSearchParams | string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** It keeps its connections and does nothing at all until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Sends SIGTERM. @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Its audit line, which the trace leads to. */
  audit(): Promise<LogLine>;
}

/** A new directory for a configuration, and a way to be rid of it. */
export async function makeDirectory(): Promise<{ directory: string; remove: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'parsec-e2e-'));
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}

/**
 * Starts the program with a configuration and waits until it says that it serves.
 * @param configuration given the public URL, which is `server.issuer`
 * @param directory left out: a new one, removed at the end
 * @param environment further variables
 */
export async function startParsec(
  configuration: (url: string) => object,
  directory?: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<ParsecServer> {
  const place = directory === undefined ? await makeDirectory() : { directory, remove: () => Promise.resolve() };
  const [port, managementPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const file = join(place.directory, 'parsec.yaml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(configuration(url), undefined, 2));
  const overrides = [`server.http_port=${port}`, `server.management_port=${managementPort}`].flatMap((set) => ['--set', set]);
  const child = spawn(process.execPath, [PARSEC, 'serve', '--config', file, ...overrides], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

  running.add(child);
  child.once('exit', () => running.delete(child));

  const log: LogLine[] = [];
  const waiting = new Set<() => void>();
  const output: string[] = [];
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  createInterface(child.stdout).on('line', (line) => {
    output.push(line);
    log.push(JSON.parse(line) as LogLine);
    for (const look of waiting) look();
  });
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));

  const logged = (fits: (line: LogLine) => boolean): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const line = log.find(fits);
        if (line === undefined) return;
        waiting.delete(look);
        resolve(line);
      };
      waiting.add(look);
      void exited.then(() => reject(new Error(`parsec ended: ${output.join('\n')}`)));
      look();
    });

  const server: ParsecServer = {
    url,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    directory: place.directory,
    log,
    output: () => output.join('\n'),
    logged,
    async post(form, headers = {}) {
      const traceId = randomBytes(16).toString('hex');
      const response = await fetch(`${url}/v1/token`, {
        method: 'POST',
        body: form as URLSearchParams,
        headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, ...headers },
        redirect: 'manual',
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        text,
        body: readJson(text),
        audit: () => logged((line) => line['trace_id'] === traceId),
      };
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const code = await exited;
      await place.remove();
      return code;
    },
  };
  await logged(({ msg }) => msg === 'parsec is serving');
  return server;
}

function readJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
