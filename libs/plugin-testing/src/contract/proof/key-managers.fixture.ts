import { Injectable } from '@nestjs/common';
import {
  definePlugin,
  KEY_TYPES,
  type CallContext,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { FakeKeyManager } from '../../fake-key-manager.js';
import type { ContractFixture } from '../fixture.js';
import { GOOD_FIXTURE, GoodInstance, GoodOptions } from './good-instance.fixture.js';
import { remote } from './remote.fixture.js';

/** One remote store of keys for each place, which outlives the instances there. */
export const stores = new Map<string, FakeKeyManager>();

@Injectable()
export class GoodKeyManager extends GoodInstance implements KeyManager {
  readonly keyTypes: readonly KeyType[] = KEY_TYPES;

  protected get store(): FakeKeyManager {
    const { directory } = this.context;
    const store = stores.get(directory) ?? new FakeKeyManager();
    store.fault = ({ context }) => remote.answer(context.signal);
    stores.set(directory, store);
    return store;
  }

  keys(context: CallContext): Promise<readonly ManagedKey[]> {
    return this.store.keys(context);
  }

  generateKey(id: string, type: KeyType, context: CallContext): Promise<ManagedKey> {
    return this.store.generateKey(id, type, context);
  }

  sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, context: CallContext): Promise<Uint8Array> {
    return this.store.sign(id, algorithm, data, context);
  }

  deleteKey(id: string, context: CallContext): Promise<void> {
    return this.store.deleteKey(id, context);
  }
}

export const GOOD_KEY_MANAGER: ContractFixture<'key_manager'> = {
  ...GOOD_FIXTURE,
  plugin: definePlugin({ kind: 'key_manager', type: 'good', apiVersion: 1, options: GoodOptions, instance: GoodKeyManager }),
};

/** The good key manager with another class for its instances. */
export function keyManager(instance: typeof GoodKeyManager): ContractFixture<'key_manager'> {
  return { ...GOOD_KEY_MANAGER, plugin: { ...GOOD_KEY_MANAGER.plugin, instance } };
}
