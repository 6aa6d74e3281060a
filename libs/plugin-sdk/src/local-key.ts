import { constants, createPublicKey, generateKeyPair, sign, type KeyObject, type SigningOptions } from 'node:crypto';
import { promisify } from 'node:util';
import { ParsecError } from './errors.js';
import type { JWK } from './jwk.js';
import { KEY_ID, KEY_TYPE_OF, type KeyType, type ManagedKey, type SigningAlgorithm } from './kinds/key-manager.js';

const generate = promisify(generateKeyPair);
const signInThreadPool = promisify<string | null, Uint8Array, SigningOptions & { key: KeyObject }, Uint8Array>(sign);

const GENERATORS: Record<KeyType, () => Promise<{ privateKey: KeyObject }>> = {
  EC_P256: () => generate('ec', { namedCurve: 'P-256' }),
  EC_P384: () => generate('ec', { namedCurve: 'P-384' }),
  RSA_2048: () => generate('rsa', { modulusLength: 2048 }),
  Ed25519: () => generate('ed25519'),
};

interface Procedure {
  readonly hash: string | null;
  readonly options: SigningOptions;
  /** Takes long enough (0.2 to 0.6 ms) to hold up other requests; the others cost less than the way to another thread. */
  readonly slow: boolean;
}

const PROCEDURES: Record<SigningAlgorithm, Procedure> = {
  ES256: { hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' }, slow: false },
  ES384: { hash: 'sha384', options: { dsaEncoding: 'ieee-p1363' }, slow: true },
  RS256: { hash: 'sha256', options: { padding: constants.RSA_PKCS1_PADDING }, slow: true },
  // RFC 7518 section 3.5: the salt is as long as the digest.
  PS256: {
    hash: 'sha256',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    slow: true,
  },
  EdDSA: { hash: null, options: {}, slow: false },
};

/** A private key in this process, for key managers whose keys are no device's or service's. */
export class LocalKey {
  readonly #privateKey: KeyObject;
  /** What others may know of it. */
  readonly managed: ManagedKey;

  constructor(id: string, type: KeyType, privateKey: KeyObject) {
    this.#privateKey = privateKey;
    const publicKey = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
    this.managed = Object.freeze({ id, type, publicKey: Object.freeze(publicKey) });
  }

  /** @throws ParsecError `PARSEC_KEY_INVALID` where `id` is no key identifier, or there is no such type */
  static async generate(id: string, type: KeyType): Promise<LocalKey> {
    if (!KEY_ID.test(id)) throw new ParsecError('PARSEC_KEY_INVALID', 'that is no key identifier');
    if (!Object.hasOwn(GENERATORS, type)) throw new ParsecError('PARSEC_KEY_INVALID', `there is no key type ${type}`);
    const { privateKey } = await GENERATORS[type]();
    return new LocalKey(id, type, privateKey);
  }

  /** PKCS#8, not encrypted. */
  toPem(): string {
    return this.#privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  }

  /**
   * @returns the signature in the form of JWS (RFC 7518 section 3)
   * @throws ParsecError `PARSEC_KEY_INVALID` where the key is not of the type that `algorithm` needs
   */
  async sign(algorithm: SigningAlgorithm, data: Uint8Array): Promise<Uint8Array> {
    const { id, type } = this.managed;
    if (KEY_TYPE_OF[algorithm] !== type) {
      throw new ParsecError('PARSEC_KEY_INVALID', `the key "${id}" of type ${type} cannot sign ${algorithm}`);
    }
    const { hash, options, slow } = PROCEDURES[algorithm];
    const key = { key: this.#privateKey, ...options };
    return slow ? signInThreadPool(hash, data, key) : sign(hash, data, key);
  }
}
