import { generateKeyPairSync } from 'node:crypto';
import type { CallContext, JWK, KeyType, ManagedKey, SigningAlgorithm } from '@parsec/plugin-sdk';
import { FakeKeyManager } from '../../fake-key-manager.js';
import type { BrokenPlugin } from './broken-plugin.fixture.js';
import { GoodKeyManager, keyManager, stores } from './key-managers.fixture.js';

/** An ASN.1 integer. */
function integer(bytes: Uint8Array): Uint8Array {
  return Buffer.from([2, bytes.length + 1, 0, ...bytes]);
}

export const BROKEN_KEY_MANAGERS: readonly BrokenPlugin<'key_manager'>[] = [
  {
    check: 'every key signs what its public half verifies',
    fault: 'shows another key than it signs with',
    says: 'signature verification failed',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async generateKey(id: string, type: KeyType, context: CallContext): Promise<ManagedKey> {
          const key = await super.generateKey(id, type, context);
          if (type !== 'Ed25519') return key;
          return { ...key, publicKey: generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) as JWK };
        }
      },
    ),
  },
  {
    check: 'every key signs what its public half verifies',
    fault: 'signs PS256 as if it were RS256',
    says: 'signature verification failed',
    fixture: keyManager(
      class extends GoodKeyManager {
        override sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, context: CallContext): Promise<Uint8Array> {
          return super.sign(id, algorithm === 'PS256' ? 'RS256' : algorithm, data, context);
        }
      },
    ),
  },
  {
    check: 'every key signs what its public half verifies',
    fault: 'claims a type that it cannot make',
    says: 'unsupported',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async generateKey(id: string, type: KeyType, context: CallContext): Promise<ManagedKey> {
          if (type === 'EC_P384') throw new Error('unsupported');
          return super.generateKey(id, type, context);
        }
      },
    ),
  },
  {
    check: 'signatures have the form of JWS',
    fault: 'signs ECDSA in DER',
    says: 'length of a signature for ES256',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, context: CallContext): Promise<Uint8Array> {
          const signature = await super.sign(id, algorithm, data, context);
          if (!algorithm.startsWith('ES')) return signature;
          const half = signature.length / 2;
          const body = Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))]);
          return Buffer.concat([Buffer.from([0x30, body.length]), body]);
        }
      },
    ),
  },
  {
    check: 'a key is listed once it is made',
    fault: 'lists the keys that it had when it opened',
    says: 'listed 0 times',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async keys(): Promise<readonly ManagedKey[]> {
          return [];
        }
      },
    ),
  },
  {
    check: 'a key is listed once it is made',
    fault: 'lists a key twice',
    says: 'listed 2 times',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async keys(context: CallContext): Promise<readonly ManagedKey[]> {
          const keys = await super.keys(context);
          return [...keys, ...keys];
        }
      },
    ),
  },
  {
    check: 'a taken identifier is refused and its key stays',
    fault: 'makes another key under a taken identifier',
    says: 'Missing expected rejection',
    fixture: keyManager(
      class extends GoodKeyManager {
        readonly #latest = new Map<string, FakeKeyManager>();
        override async keys(context: CallContext): Promise<readonly ManagedKey[]> {
          return (await Promise.all([...this.#latest.values()].map((latest) => latest.keys(context)))).flat();
        }
        override async generateKey(id: string, type: KeyType, context: CallContext): Promise<ManagedKey> {
          const latest = new FakeKeyManager();
          this.#latest.set(id, latest);
          return latest.generateKey(id, type, context);
        }
        override async sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, context: CallContext): Promise<Uint8Array> {
          return (this.#latest.get(id) ?? this.store).sign(id, algorithm, data, context);
        }
      },
    ),
  },
  {
    check: 'a taken identifier is refused and its key stays',
    fault: 'answers with the key that is there instead of refusing',
    says: 'Missing expected rejection',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async generateKey(id: string, type: KeyType, context: CallContext): Promise<ManagedKey> {
          const there = (await super.keys(context)).find((key) => key.id === id);
          return there ?? super.generateKey(id, type, context);
        }
      },
    ),
  },
  {
    check: 'a malformed identifier is refused',
    fault: 'takes any identifier',
    says: 'made a key under',
    fixture: keyManager(
      class extends GoodKeyManager {
        override generateKey(id: string, type: KeyType, context: CallContext): Promise<ManagedKey> {
          return super.generateKey(`main.${Buffer.from(id).toString('hex').slice(0, 60)}`, type, context);
        }
      },
    ),
  },
  {
    check: 'a type that it does not claim is refused',
    fault: 'makes keys of types that it does not claim',
    says: 'made a key of type EC_P384',
    fixture: keyManager(
      class extends GoodKeyManager {
        override readonly keyTypes: readonly KeyType[] = ['EC_P256'];
      },
    ),
  },
  {
    check: 'an unknown identifier signs nothing',
    fault: 'makes the key that it lacks when it is asked to sign',
    says: 'Missing expected rejection',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, context: CallContext): Promise<Uint8Array> {
          await super.generateKey(id, 'EC_P256', context).catch(() => {});
          return super.sign(id, algorithm, data, context);
        }
      },
    ),
  },
  {
    check: 'a key signs for no algorithm that needs another type',
    fault: 'signs for whatever algorithm its key has',
    says: 'signed ES384',
    fixture: keyManager(
      class extends GoodKeyManager {
        override sign(id: string, _algorithm: SigningAlgorithm, data: Uint8Array, context: CallContext): Promise<Uint8Array> {
          return super.sign(id, 'ES256', data, context);
        }
      },
    ),
  },
  {
    check: 'what is shown of a key is public',
    fault: 'shows the private half',
    says: 'members that no public key has',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async generateKey(id: string, type: KeyType, context: CallContext): Promise<ManagedKey> {
          const key = await super.generateKey(id, type, context);
          return { ...key, publicKey: { ...key.publicKey, d: 'AA' } as JWK };
        }
      },
    ),
  },
  {
    check: 'what is shown of a key is public',
    fault: 'lists the private half',
    says: 'members that no public key has',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async keys(context: CallContext): Promise<readonly ManagedKey[]> {
          return (await super.keys(context)).map((key) => ({ ...key, publicKey: { ...key.publicKey, d: 'AA' } as JWK }));
        }
      },
    ),
  },
  {
    check: 'a deleted key is gone, and the others stay',
    fault: 'deletes nothing',
    says: 'listed 1 times',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async deleteKey(): Promise<void> {}
      },
    ),
  },
  {
    check: 'a deleted key is gone, and the others stay',
    fault: 'fails where there is no such key',
    says: 'no such key',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async deleteKey(id: string, context: CallContext): Promise<void> {
          const keys = await super.keys(context);
          if (!keys.some((key) => key.id === id)) throw new Error('no such key');
          await super.deleteKey(id, context);
        }
      },
    ),
  },
  {
    check: 'keys outlive their instance',
    fault: 'forgets its keys when it closes',
    says: 'listed 0 times',
    fixture: keyManager(
      class extends GoodKeyManager {
        override async onApplicationShutdown(): Promise<void> {
          await super.onApplicationShutdown();
          stores.delete(this.context.directory);
        }
      },
    ),
  },
];
