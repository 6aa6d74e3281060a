import { resolve } from 'node:path';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  INSTANCE,
  KEY_TYPES,
  LocalKey,
  ParsecError,
  type CallContext,
  type InstanceContext,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { KeyDirectory } from './key-directory.js';
import { FileKeyManagerOptions } from './options.js';

/**
 * Keys as files of one directory. Another process may make keys in it; nothing is ever overwritten.
 * A key that was read once stays until the instance closes, whatever happens to its file.
 */
@Injectable()
export class FileKeyManager implements KeyManager, OnModuleInit, OnApplicationShutdown {
  readonly keyTypes = KEY_TYPES;
  readonly #path: string;
  readonly #keys = new Map<string, LocalKey>();
  #directory: KeyDirectory | undefined;

  constructor({ directory }: FileKeyManagerOptions, @Inject(INSTANCE) instance: InstanceContext) {
    this.#path = resolve(instance.directory, directory);
  }

  async onModuleInit(): Promise<void> {
    this.#directory = await KeyDirectory.open(this.#path);
    await this.#readNewFiles(this.#directory);
  }

  /** @throws ParsecError `PARSEC_KEY_INVALID` where a key file has come into the directory that is none */
  async keys({ signal }: CallContext): Promise<readonly ManagedKey[]> {
    await this.#readNewFiles(this.#opened(), signal);
    return [...this.#keys.values()].map((key) => key.managed);
  }

  async generateKey(id: string, type: KeyType, { signal }: CallContext): Promise<ManagedKey> {
    signal.throwIfAborted();
    if (this.#keys.has(id)) throw taken(id);
    const directory = this.#opened();
    const key = await LocalKey.generate(id, type);
    signal.throwIfAborted();
    if (!(await directory.write(key))) throw taken(id);
    this.#keys.set(id, key);
    return key.managed;
  }

  async sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, { signal }: CallContext): Promise<Uint8Array> {
    signal.throwIfAborted();
    const key = this.#keys.get(id);
    if (key === undefined) throw refusal(`there is no key "${id}"`);
    return key.sign(algorithm, data);
  }

  async deleteKey(id: string, { signal }: CallContext): Promise<void> {
    signal.throwIfAborted();
    await this.#opened().delete(id);
    this.#keys.delete(id);
  }

  onApplicationShutdown(): void {
    this.#keys.clear();
    this.#directory = undefined;
  }

  #opened(): KeyDirectory {
    if (this.#directory === undefined) throw refusal('the key manager is closed');
    return this.#directory;
  }

  async #readNewFiles(directory: KeyDirectory, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    for (const id of await directory.ids()) {
      signal?.throwIfAborted();
      if (!this.#keys.has(id)) this.#keys.set(id, await directory.read(id));
    }
  }
}

function refusal(message: string): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', message);
}

function taken(id: string): ParsecError {
  return refusal(`the key identifier "${id}" is taken`);
}
