import { hash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  CLOCK,
  KEY_ID,
  KEY_TYPE_OF,
  LOGGER,
  ParsecError,
  type CallContext,
  type Clock,
  type Health,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type PluginLogger,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { isRefusal } from './kms-failure.js';
import { KmsKeys, type KmsKey } from './kms-keys.js';
import { Kms } from './kms.js';
import { AwsKmsKeyManagerOptions } from './options.js';
import { KMS_KEY_TYPES, PROCEDURES, type KmsKeyType } from './procedures.js';
import { abortable } from './waiting.js';

/** Of calls that end with the instance only. */
const NEVER = new AbortController().signal;

/**
 * Keys in AWS KMS, found by their aliases; the private halves never leave it.
 * Changes in KMS show everywhere only after a while, so what this instance made or deleted itself it remembers until then.
 */
@Injectable()
export class AwsKmsKeyManager implements KeyManager, OnModuleInit, OnApplicationShutdown {
  readonly keyTypes = KMS_KEY_TYPES;
  /** What signs, by identifier: as of the last listing, with what was made since. */
  readonly #known = new Map<string, KmsKey>();
  /** Made here, and not seen among the aliases yet. */
  readonly #unlisted = new Map<string, KmsKey>();
  /** KMS keys that were deleted here. */
  readonly #deleted = new Set<string>();
  readonly #making = new Set<Promise<unknown>>();
  #opened: { readonly kms: Kms; readonly keys: KmsKeys } | undefined;

  constructor(
    private readonly options: AwsKmsKeyManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: PluginLogger,
  ) {}

  /** @throws ParsecError `PARSEC_KEY_INVALID` where no region is known; asks KMS nothing */
  async onModuleInit(): Promise<void> {
    const kms = await Kms.open(this.options, this.clock);
    this.#opened = { kms, keys: new KmsKeys(kms, this.options) };
  }

  health(): Health {
    return this.#open().kms.health;
  }

  async keys({ signal }: CallContext): Promise<readonly ManagedKey[]> {
    const listed = await this.#listed(signal);
    const keyIds = new Map([...[...this.#unlisted].map(([id, { keyId }]) => [id, keyId] as const), ...listed]);
    const found = await Promise.all([...keyIds].map(([id, keyId]) => this.#usable(id, keyId, signal)));
    const usable = found.filter((key) => key !== undefined && !this.#deleted.has(key.keyId)) as KmsKey[];
    for (const id of listed.keys()) this.#unlisted.delete(id);
    this.#known.clear();
    // What was made while this was looking comes last.
    for (const key of [...usable, ...this.#unlisted.values()]) this.#known.set(key.managed.id, key);
    return usable.map((key) => key.managed);
  }

  async generateKey(id: string, type: KeyType, { signal }: CallContext): Promise<ManagedKey> {
    signal.throwIfAborted();
    if (!KEY_ID.test(id)) throw refusal('that is no key identifier');
    if (!isKmsKeyType(type)) throw refusal(`keys of type ${type} are not made in KMS`);
    if (this.#known.has(id) || (await this.#listed(signal)).has(id)) throw refusal(`the key identifier "${id}" is taken`);
    // Goes on when the caller gives up: the key is found by the next listing, and none is left half made.
    const making = this.#make(id, type);
    this.#making.add(making);
    const forget = (): unknown => this.#making.delete(making);
    making.then(forget, forget);
    return abortable(making, signal);
  }

  async sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, { signal }: CallContext): Promise<Uint8Array> {
    signal.throwIfAborted();
    const key = this.#known.get(id) ?? (await this.#find(id, signal));
    if (key === undefined) throw refusal(`there is no key "${id}"`);
    const procedure = PROCEDURES[algorithm];
    if (procedure === undefined || KEY_TYPE_OF[algorithm] !== key.managed.type) {
      throw refusal(`the key "${id}" of type ${key.managed.type} cannot sign ${algorithm}`);
    }
    const digest = hash(procedure.hash, data, 'buffer');
    return procedure.toJws(await this.#open().keys.sign(key, procedure.algorithm, digest, signal));
  }

  async deleteKey(id: string, { signal }: CallContext): Promise<void> {
    signal.throwIfAborted();
    const { keys } = this.#open();
    // Not #listed: an alias is left where only the second half of an earlier deletion failed.
    const keyId = (await keys.aliases(signal)).get(id) ?? this.#known.get(id)?.keyId;
    if (keyId === undefined) return;
    // In this order, because a key without an alias would be found by nobody.
    await keys.scheduleDeletion(id, keyId, signal);
    this.#deleted.add(keyId);
    this.#known.delete(id);
    this.#unlisted.delete(id);
    await keys.deleteAlias(id, signal);
  }

  async onApplicationShutdown(): Promise<void> {
    this.#opened?.kms.close();
    await Promise.allSettled(this.#making);
    this.#known.clear();
  }

  /** KMS keys by identifier, as their aliases have it, without those that were deleted here. */
  async #listed(signal: AbortSignal): Promise<Map<string, string>> {
    const aliases = await this.#open().keys.aliases(signal);
    return new Map([...aliases].filter(([, keyId]) => !this.#deleted.has(keyId)));
  }

  async #find(id: string, signal: AbortSignal): Promise<KmsKey | undefined> {
    const keyId = (await this.#listed(signal)).get(id);
    const key = keyId === undefined ? undefined : await this.#usable(id, keyId, signal);
    if (key !== undefined) this.#known.set(id, key);
    return key;
  }

  async #usable(id: string, keyId: string, signal: AbortSignal): Promise<KmsKey | undefined> {
    const key = await this.#open().keys.read(id, keyId, signal);
    if (key === undefined) this.logger.debug('left out a KMS key that is not enabled, or none of parsec', { key: id, kms_key: keyId });
    return key;
  }

  async #make(id: string, type: KmsKeyType): Promise<ManagedKey> {
    const { keys } = this.#open();
    const keyId = await keys.create(id, type, NEVER);
    try {
      const key = await keys.readNew(id, type, keyId, NEVER);
      await this.#name(id, keyId);
      this.#unlisted.set(id, key);
      this.#known.set(id, key);
      return key.managed;
    } catch (error) {
      await this.#discard(id, keyId);
      throw error;
    }
  }

  async #name(id: string, keyId: string): Promise<void> {
    try {
      await this.#open().keys.createAlias(id, keyId, NEVER);
    } catch (error) {
      // An attempt whose answer was lost may have made it.
      const isOurs = isRefusal(error, 'AlreadyExistsException') && (await this.#listed(NEVER)).get(id) === keyId;
      if (!isOurs) throw error;
    }
  }

  /** A key that nobody will use costs as much as any other. */
  async #discard(id: string, keyId: string): Promise<void> {
    try {
      await this.#open().keys.scheduleDeletion(id, keyId, NEVER);
    } catch (error) {
      this.logger.warn('could not delete a KMS key that was made in vain', { kms_key: keyId, problem: (error as Error).message });
    }
  }

  #open(): { readonly kms: Kms; readonly keys: KmsKeys } {
    if (this.#opened === undefined) throw refusal('the key manager is not open');
    return this.#opened;
  }
}

function isKmsKeyType(type: KeyType): type is KmsKeyType {
  return KMS_KEY_TYPES.some((known) => known === type);
}

function refusal(message: string): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', message);
}
