import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  KEY_ID,
  KEY_TYPE_OF,
  KEY_TYPES,
  ParsecError,
  type CallContext,
  type JWK,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';

const HASHES = { ES256: 'sha256', ES384: 'sha384', RS256: 'sha256', PS256: 'sha256', EdDSA: null } as const;

/** One call of a {@link FakeKeyManager}. */
export interface KeyManagerCall {
  readonly operation: 'keys' | 'generateKey' | 'sign' | 'deleteKey';
  readonly context: CallContext;
}

/** A key manager in memory that counts its calls and fails when a test says so. */
export class FakeKeyManager implements KeyManager {
  readonly keyTypes: readonly KeyType[];
  /** Every call so far. */
  readonly calls: KeyManagerCall[] = [];
  /** Awaited before each call does its work: throw to make the call fail, never resolve to make it hang. */
  fault: (call: KeyManagerCall) => Promise<void> | void = () => {};
  readonly #keys = new Map<string, { readonly managed: ManagedKey; readonly privateKey: KeyObject }>();

  constructor(keyTypes: readonly KeyType[] = KEY_TYPES) {
    this.keyTypes = keyTypes;
  }

  async keys(context: CallContext): Promise<readonly ManagedKey[]> {
    await this.#begin('keys', context);
    return [...this.#keys.values()].map(({ managed }) => managed);
  }

  async generateKey(id: string, type: KeyType, context: CallContext): Promise<ManagedKey> {
    await this.#begin('generateKey', context);
    if (!KEY_ID.test(id) || !this.keyTypes.includes(type)) throw new ParsecError('PARSEC_KEY_INVALID', 'no such key can be made');
    if (this.#keys.has(id)) throw new ParsecError('PARSEC_KEY_INVALID', 'that identifier is taken');
    const { privateKey, publicKey } = generate(type);
    const managed = { id, type, publicKey: publicKey.export({ format: 'jwk' }) as JWK };
    this.#keys.set(id, { managed, privateKey });
    return managed;
  }

  async sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, context: CallContext): Promise<Uint8Array> {
    await this.#begin('sign', context);
    const key = this.#keys.get(id);
    if (key === undefined || key.managed.type !== KEY_TYPE_OF[algorithm]) {
      throw new ParsecError('PARSEC_KEY_INVALID', 'there is no such key for this algorithm');
    }
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    return sign(HASHES[algorithm], data, {
      key: key.privateKey,
      dsaEncoding: 'ieee-p1363',
      ...(algorithm === 'PS256' ? pss : {}),
    });
  }

  async deleteKey(id: string, context: CallContext): Promise<void> {
    await this.#begin('deleteKey', context);
    this.#keys.delete(id);
  }

  async #begin(operation: KeyManagerCall['operation'], context: CallContext): Promise<void> {
    context.signal.throwIfAborted();
    const call = { operation, context };
    this.calls.push(call);
    await this.fault(call);
  }
}

function generate(type: KeyType): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (type) {
    case 'EC_P256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'EC_P384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    case 'RSA_2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'Ed25519':
      return generateKeyPairSync('ed25519');
  }
}
