import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  KEY_TYPES,
  LocalKey,
  ParsecError,
  type CallContext,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';

/** Keys that live as long as the instance: nothing is written anywhere, and a restart begins with new ones. */
@Injectable()
export class MemoryKeyManager implements KeyManager, OnApplicationShutdown {
  readonly keyTypes = KEY_TYPES;
  readonly ephemeral = true;
  readonly #keys = new Map<string, LocalKey>();

  async keys({ signal }: CallContext): Promise<readonly ManagedKey[]> {
    signal.throwIfAborted();
    return [...this.#keys.values()].map((key) => key.managed);
  }

  async generateKey(id: string, type: KeyType, { signal }: CallContext): Promise<ManagedKey> {
    signal.throwIfAborted();
    this.#refuseTaken(id);
    const key = await LocalKey.generate(id, type);
    signal.throwIfAborted();
    // Another call may have taken the identifier meanwhile.
    this.#refuseTaken(id);
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
    this.#keys.delete(id);
  }

  onApplicationShutdown(): void {
    this.#keys.clear();
  }

  #refuseTaken(id: string): void {
    if (this.#keys.has(id)) throw refusal(`the key identifier "${id}" is taken`);
  }
}

function refusal(message: string): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', message);
}
