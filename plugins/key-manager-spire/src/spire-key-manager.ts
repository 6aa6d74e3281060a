import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  CLOCK,
  INSTANCE,
  KEY_ID,
  LOGGER,
  type CallContext,
  type Clock,
  type Health,
  type InstanceContext,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type PluginLogger,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { fromSpireId, toSpireId } from './key-id.js';
import { SpireKeyManagerOptions } from './options.js';
import { PluginSupervisor } from './plugin-supervisor.js';
import { refusal } from './refusal.js';
import type { RunningPlugin } from './running-plugin.js';
import { SPIRE_KEY_TYPES, SpireKey } from './spire-key.js';
import { untilAborted } from './until-aborted.js';

/** A key as this run of the plugin showed it: another run may mark the same key with another fingerprint. */
interface ShownKey {
  readonly key: SpireKey;
  readonly by: RunningPlugin;
}

/** Keys behind a SPIRE server KeyManager plugin, a program of its own. */
@Injectable()
export class SpireKeyManager implements KeyManager, OnModuleInit, OnApplicationShutdown {
  readonly keyTypes = SPIRE_KEY_TYPES;
  readonly #supervisor: PluginSupervisor;
  /** The public half that was shown first stays the one of its identifier: tokens are verified against it. */
  readonly #shown = new Map<string, ShownKey>();
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(
    options: SpireKeyManagerOptions,
    @Inject(INSTANCE) instance: InstanceContext,
    @Inject(CLOCK) clock: Clock,
    @Inject(LOGGER) private readonly logger: PluginLogger,
  ) {
    const surroundings = { options, directory: instance.directory, clock, logger };
    this.#supervisor = new PluginSupervisor(
      async (signal) => {
        // gRPC takes a while to load, which a configuration without this plugin does not wait for.
        const module = await import('./running-plugin.js');
        return module.RunningPlugin.start(surroundings, signal);
      },
      clock,
      logger,
    );
  }

  onModuleInit(): Promise<void> {
    return this.#supervisor.open();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#supervisor.close();
  }

  health(): Health {
    return this.#supervisor.health();
  }

  async keys({ signal }: CallContext): Promise<readonly ManagedKey[]> {
    signal.throwIfAborted();
    const plugin = this.#supervisor.plugin;
    const messages = await plugin.listKeys(signal);
    const keys = messages.flatMap((message) => {
      const id = fromSpireId(message.id);
      // Others may keep keys there too.
      return id === undefined ? [] : [new SpireKey(id, message)];
    });
    if (new Set(keys.map(({ managed }) => managed.id)).size < keys.length) throw refusal('the plugin shows two keys of the same name');
    const kept = keys.filter((key) => {
      const isKept = this.#isKept(key, plugin);
      if (!isKept) this.logger.error('the plugin has replaced a key, which is not used any more', { key: key.managed.id });
      return isKept;
    });
    return kept.map(({ managed }) => managed);
  }

  async generateKey(id: string, type: KeyType, { signal }: CallContext): Promise<ManagedKey> {
    signal.throwIfAborted();
    if (!KEY_ID.test(id)) throw refusal('that is no key identifier');
    if (!SPIRE_KEY_TYPES.some((known) => known === type)) throw refusal(`a SPIRE plugin makes no key of type ${type}`);
    return this.#inTurn(signal, async () => {
      const plugin = this.#supervisor.plugin;
      // A plugin would replace the key that is there.
      if (this.#shown.has(id) || (await plugin.findKey(toSpireId(id), signal)) !== undefined)
        throw refusal(`the key identifier "${id}" is taken`);
      const key = new SpireKey(id, await plugin.generateKey(toSpireId(id), type, signal));
      if (key.managed.type !== type) throw refusal(`the plugin made a key of type ${key.managed.type} where ${type} was asked for`);
      this.#shown.set(id, { key, by: plugin });
      return key.managed;
    });
  }

  async sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, { signal }: CallContext): Promise<Uint8Array> {
    signal.throwIfAborted();
    const plugin = this.#supervisor.plugin;
    const key = await this.#key(id, plugin, signal);
    const answer = await plugin.sign(toSpireId(id), key.request(algorithm, data), signal);
    return key.accept(algorithm, data, answer);
  }

  async #key(id: string, plugin: RunningPlugin, signal: AbortSignal): Promise<SpireKey> {
    const shown = this.#shown.get(id);
    if (shown?.by === plugin) return shown.key;
    const message = KEY_ID.test(id) ? await plugin.findKey(toSpireId(id), signal) : undefined;
    if (message === undefined) throw refusal(`there is no key "${id}"`);
    const key = new SpireKey(id, message);
    if (!this.#isKept(key, plugin)) throw refusal(`the plugin holds another key "${id}" than it showed before`);
    return key;
  }

  /** Keeps in mind how this run of the plugin shows a key; `false` where it is another key than was shown under its identifier before. */
  #isKept(key: SpireKey, plugin: RunningPlugin): boolean {
    const { id } = key.managed;
    const before = this.#shown.get(id);
    if (before !== undefined && !before.key.hasSamePublicKey(key)) return false;
    this.#shown.set(id, { key, by: plugin });
    return true;
  }

  /** One after the other: between the question whether an identifier is free and the making of its key, no other may be made. */
  async #inTurn<Result>(signal: AbortSignal, action: () => Promise<Result>): Promise<Result> {
    const turn = untilAborted(this.#lastTurn, signal).then(action);
    this.#lastTurn = Promise.allSettled([this.#lastTurn, turn]).then(() => undefined);
    return turn;
  }
}
