import { hasCode, UnavailableError, type Clock, type ParsecError, type PluginLogger } from '@parsec/plugin-sdk';
import { readHandshake } from './handshake.js';
import { hideValues } from './hide-values.js';
import type { SpireKeyManagerOptions } from './options.js';
import { PluginChild } from './plugin-child.js';
import { PluginConnection } from './plugin-connection.js';
import { PluginLog } from './plugin-log.js';
import { checkProgram } from './program.js';
import * as protocol from './protocol.js';
import { refusal } from './refusal.js';
import type { PluginSignature } from './spire-key.js';
import { untilAborted } from './until-aborted.js';

/** Milliseconds from one health check to the next. */
const HEALTH_INTERVAL = 5_000;
/** Health checks in a row without an answer until a plugin is killed. */
const MAX_MISSED = 3;
/** Milliseconds for a plugin to end by itself. */
const GRACE = 2_000;

/** What a plugin is started with and in. */
export interface Surroundings {
  readonly options: SpireKeyManagerOptions;
  /** Where it runs. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: PluginLogger;
}

/** One run of a plugin, from the moment it has taken its configuration. Whoever starts it stops it. */
export class RunningPlugin {
  /** Resolves once it is dead and nothing of it is left, with how it ended. */
  readonly ended: Promise<string>;
  #isDead = false;
  #missed = 0;
  #answered = true;
  #lastCheck = new AbortController();
  #cancelCheck: () => void = () => {};

  private constructor(
    private readonly child: PluginChild,
    private readonly connection: PluginConnection,
    { clock, logger }: Surroundings,
  ) {
    this.#checkLater(clock, logger);
    this.ended = child.exited.then(async (how) => {
      this.#isDead = true;
      this.#cancelCheck();
      connection.close();
      await child.end(clock);
      return how;
    });
  }

  /**
   * Checks the program, starts it and has it take its configuration.
   * @throws ParsecError `PARSEC_KEY_INVALID` where the program is not the one that was meant, is no SPIRE key manager or refuses its
   * configuration; UnavailableError where a later start may do better; the reason of `signal`
   */
  static async start(surroundings: Surroundings, signal: AbortSignal): Promise<RunningPlugin> {
    const { options, directory, clock, logger } = surroundings;
    const { args, environment = new Map<string, string>(), start_timeout: timeout } = options;
    const hide = hideValues(options.plugin_configuration, environment);
    const program = await checkProgram(options.command, options.checksum);
    signal.throwIfAborted();
    const child = await PluginChild.start({ program, args, environment, directory }, new PluginLog(logger, hide));

    const giveUp = new AbortController();
    const stop = (): void => giveUp.abort(signal.reason);
    const cancel = clock.schedule(timeout, () => giveUp.abort(new UnavailableError(`the plugin was not ready within ${timeout}ms`)));
    void child.exited.then((how) => giveUp.abort(new UnavailableError(`${how} before it was ready`)));
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();

    let connection: PluginConnection | undefined;
    try {
      connection = new PluginConnection(readHandshake(await untilAborted(child.firstLine, giveUp.signal)), hide);
      connection.drain(outputTo(logger, hide));
      await initialise(connection, options, giveUp.signal);
      return new RunningPlugin(child, connection, surroundings);
    } catch (error) {
      connection?.close();
      await child.end(clock);
      throw error;
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Whether it lives and answered its last health check. */
  get isWell(): boolean {
    return !this.#isDead && this.#missed === 0;
  }

  /** @throws ParsecError `PARSEC_KEY_INVALID` where the answer has no key; like every call, what {@link PluginConnection.call} throws */
  async generateKey(keyId: string, keyType: string, signal: AbortSignal): Promise<protocol.PublicKeyMessage> {
    const { publicKey } = await this.connection.call(protocol.generateKey, { keyId, keyType }, signal);
    return named(keyId, publicKey);
  }

  /** @returns `undefined` where there is no such key */
  async findKey(keyId: string, signal: AbortSignal): Promise<protocol.PublicKeyMessage | undefined> {
    try {
      const { publicKey } = await this.connection.call(protocol.getPublicKey, { keyId }, signal);
      return named(keyId, publicKey);
    } catch (error) {
      if (isRefusedAs('not_found', error)) return undefined;
      throw error;
    }
  }

  async listKeys(signal: AbortSignal): Promise<readonly protocol.PublicKeyMessage[]> {
    return (await this.connection.call(protocol.getPublicKeys, {}, signal)).publicKeys;
  }

  sign(keyId: string, request: { data: Uint8Array } & protocol.SignerOptions, signal: AbortSignal): Promise<PluginSignature> {
    return this.connection.call(protocol.signData, { keyId, ...request }, signal);
  }

  /** Asks it to end, and kills it where it does not. */
  async stop(clock: Clock): Promise<void> {
    this.#cancelCheck();
    const grace = new AbortController();
    const cancel = clock.schedule(GRACE, () => {
      grace.abort();
      this.child.kill();
    });
    try {
      // What it answers does not matter: it is killed in any case.
      await this.connection.call(protocol.deinit, {}, grace.signal).catch(() => {});
      await this.connection.call(protocol.shutdown, {}, grace.signal).catch(() => {});
      await this.ended;
    } finally {
      cancel();
    }
  }

  /** A plugin that hangs still has its process, and would be waited for by every call. */
  #checkLater(clock: Clock, logger: PluginLogger): void {
    this.#cancelCheck = clock.schedule(HEALTH_INTERVAL, () => {
      if (!this.#answered) this.#missed += 1;
      this.#lastCheck.abort();
      if (this.#missed >= MAX_MISSED) {
        logger.error('the plugin is killed: it does not answer its health checks', { pid: this.pid });
        this.child.kill();
        return;
      }
      void this.#check();
      this.#checkLater(clock, logger);
    });
  }

  async #check(): Promise<void> {
    const { signal } = (this.#lastCheck = new AbortController());
    this.#answered = false;
    try {
      const { status } = await this.connection.call(protocol.check, { service: 'plugin' }, signal);
      if (status !== 'SERVING') return;
      this.#answered = true;
      this.#missed = 0;
    } catch {
      // A missing answer is counted at the next check.
    }
  }
}

async function initialise(connection: PluginConnection, options: SpireKeyManagerOptions, signal: AbortSignal): Promise<void> {
  // parsec has no services for plugins to call.
  const { pluginServiceNames } = await connection.call(protocol.init, { hostServiceNames: [] }, signal);
  if (!pluginServiceNames.includes(protocol.KEY_MANAGER_SERVICE)) throw refusal(`${options.command} is no key manager of SPIRE servers`);
  if (!pluginServiceNames.includes(protocol.CONFIG_SERVICE)) {
    if (options.plugin_configuration === '') return;
    throw refusal(`${options.command} takes no configuration: leave out "plugin_configuration"`);
  }
  const configuration = { coreConfiguration: { trustDomain: options.trust_domain }, hclConfiguration: options.plugin_configuration };
  try {
    await connection.call(protocol.configure, configuration, signal);
  } catch (error) {
    // Of the failures, this one alone is certain to be about the configuration; the others may be about a service that the plugin uses.
    if (!hasCode(error, 'PARSEC_KEY_INVALID') || isRefusedAs('invalid_argument', error)) throw error;
    throw new UnavailableError((error as Error).message);
  }
}

function named(keyId: string, publicKey: protocol.PublicKeyMessage | null): protocol.PublicKeyMessage {
  if (publicKey?.id !== keyId) throw refusal(`the plugin answered with another key than "${keyId}"`);
  return publicKey;
}

function isRefusedAs(reason: string, error: unknown): boolean {
  return hasCode(error, 'PARSEC_KEY_INVALID') && (error as ParsecError).reason === reason;
}

/** go-plugin sends what the plugin prints, after its first line, in this way. */
function outputTo(logger: PluginLogger, hide: (text: string) => string): (channel: number, data: Buffer) => void {
  const logs = new Map<number, PluginLog>();
  return (channel, data) => {
    const log = logs.get(channel) ?? new PluginLog(logger, hide);
    logs.set(channel, log);
    log.push(data);
  };
}
