import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UnavailableError, type Clock } from '@parsec/plugin-sdk';
import { HANDSHAKE_ENVIRONMENT, MAX_HANDSHAKE } from './handshake.js';
import { Lines } from './lines.js';
import type { PluginLog } from './plugin-log.js';

/** Of util-linux. Has the kernel kill what it starts when parsec is gone. */
const SETPRIV = '/usr/bin/setpriv';
const UNTIL_PARENT_DIES = ['--pdeathsig', 'KILL', '--'];

/** Milliseconds in which outputs end once the program and its group are dead. */
const OUTPUT_PATIENCE = 1_000;

/** What to start, and with what. */
export interface Launch {
  /** A path that was just checked. */
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  /** Where it runs. */
  readonly directory: string;
}

/** A program that was started as a plugin, in a process group and with a temporary directory of its own. Whoever starts it ends it. */
export class PluginChild {
  readonly #child: ChildProcess;
  readonly #temporary: string;
  readonly #outputsEnded: Promise<void>;
  /** The first line it writes. Never settles where it writes none. */
  readonly firstLine: Promise<string>;
  /** Resolves once it is dead, with how it ended, in words. */
  readonly exited: Promise<string>;

  private constructor(child: ChildProcess, temporary: string, log: PluginLog) {
    this.#child = child;
    this.#temporary = temporary;
    this.#outputsEnded = new Promise((resolve) => child.once('close', () => resolve()));
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.kill();
        resolve(signal === null ? `the plugin ended with exit code ${code}` : `the plugin was ended by ${signal}`);
      });
    });
    this.firstLine = new Promise((resolve) => {
      const lines = new Lines(MAX_HANDSHAKE, resolve);
      // Whatever follows the first line is read and dropped, so that the plugin is not held up.
      child.stdout?.on('data', (chunk: Buffer) => lines.push(chunk));
    });
    child.stderr?.on('data', (chunk: Buffer) => log.push(chunk)).once('end', () => log.end());
  }

  /** @throws UnavailableError where the system cannot start it now */
  static async start({ program, args, environment, directory }: Launch, log: PluginLog): Promise<PluginChild> {
    const temporary = await mkdtemp(join(tmpdir(), 'parsec-spire-'));
    try {
      const [file, ...before] = (await canSetpriv()) ? [SETPRIV, ...UNTIL_PARENT_DIES, program] : [program];
      const child = spawn(file, [...before, ...args], {
        cwd: directory,
        env: { ...inherited(), ...Object.fromEntries(environment), ...HANDSHAKE_ENVIRONMENT, TMPDIR: temporary },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own: what the plugin itself starts ends with it, and the terminal's signals are not for it.
        detached: true,
      });
      await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      return new PluginChild(child, temporary, log);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw new UnavailableError(`the plugin could not be started (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, {
        cause: error,
      });
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Kills it and its whole group. */
  kill(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Nobody of the group is left.
    }
  }

  /** Kills what is left of it, and removes its temporary directory. */
  async end(clock: Clock): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.kill();
    await this.exited;
    // A process that left the group may still hold the outputs.
    const cancel = clock.schedule(OUTPUT_PATIENCE, () => {
      this.#child.stdout?.destroy();
      this.#child.stderr?.destroy();
    });
    await this.#outputsEnded.finally(cancel);
    // What cannot be removed must not keep the plugin from being started again.
    await rm(this.#temporary, { recursive: true, force: true }).catch(() => {});
  }
}

/** Of parsec's own environment, which may hold secrets, a plugin gets no more than this. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

/** It is there with util-linux; that of busybox knows no such option. */
async function canSetpriv(): Promise<boolean> {
  try {
    await promisify(execFile)(SETPRIV, [...UNTIL_PARENT_DIES, SETPRIV, '--version']);
    return true;
  } catch {
    return false;
  }
}
