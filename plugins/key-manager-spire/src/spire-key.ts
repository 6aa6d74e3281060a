import { createHash, createPublicKey, constants, verify, type KeyObject, type SigningOptions } from 'node:crypto';
import { promisify } from 'node:util';
import { KEY_TYPE_OF, type JWK, type KeyType, type ManagedKey, type SigningAlgorithm } from '@parsec/plugin-sdk';
import { fromDer } from './der-signature.js';
import type { PublicKeyMessage, SignerOptions } from './protocol.js';
import { refusal } from './refusal.js';

/** The types that SPIRE key managers make and parsec signs with. */
export const SPIRE_KEY_TYPES = ['EC_P256', 'EC_P384', 'RSA_2048'] as const satisfies KeyType[];

/** What a plugin answered to a request to sign. */
export interface PluginSignature {
  readonly signature: Buffer;
  readonly keyFingerprint: string;
}

interface Procedure {
  readonly hash: 'sha256' | 'sha384';
  /** How the plugin is asked. */
  readonly request: SignerOptions;
  /** How the signature is verified, in the form of JWS. */
  readonly options: SigningOptions;
  /** Bytes of a coordinate, where the signature is one of ECDSA. */
  readonly coordinate?: number;
}

const PROCEDURES: Record<Exclude<SigningAlgorithm, 'EdDSA'>, Procedure> = {
  ES256: { hash: 'sha256', request: { hashAlgorithm: 'SHA256' }, options: { dsaEncoding: 'ieee-p1363' }, coordinate: 32 },
  ES384: { hash: 'sha384', request: { hashAlgorithm: 'SHA384' }, options: { dsaEncoding: 'ieee-p1363' }, coordinate: 48 },
  RS256: { hash: 'sha256', request: { hashAlgorithm: 'SHA256' }, options: { padding: constants.RSA_PKCS1_PADDING } },
  // RFC 7518 section 3.5: the salt is as long as the digest.
  PS256: {
    hash: 'sha256',
    request: { pssOptions: { saltLength: 32, hashAlgorithm: 'SHA256' } },
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
};

/** Off the main thread: for P-384 it takes longer than a request. */
const verifyInThreadPool = promisify<string, Uint8Array, SigningOptions & { key: KeyObject }, Uint8Array, boolean>(verify);

/** A key as the plugin showed it: its public half, and the plugin's mark for this very key under its name. */
export class SpireKey {
  readonly #publicKey: KeyObject;
  readonly managed: ManagedKey;
  readonly #fingerprint: string;

  /**
   * @param id the identifier that the key must be of
   * @throws ParsecError `PARSEC_KEY_INVALID` where it is of a type that parsec does not make, incomplete or malformed
   */
  constructor(id: string, { type, pkixData, fingerprint }: PublicKeyMessage) {
    this.#publicKey = readPkix(id, pkixData);
    const actual = typeOf(this.#publicKey);
    if (actual === undefined) throw refusal(`the plugin's key "${id}" is of a type that parsec does not make`);
    if (actual !== type) throw refusal(`the plugin says that its key "${id}" is of another type than it is`);
    if (fingerprint === '') throw refusal(`the plugin tells no fingerprint of its key "${id}"`);
    this.#fingerprint = fingerprint;
    this.managed = Object.freeze({ id, type: actual, publicKey: Object.freeze(this.#publicKey.export({ format: 'jwk' }) as JWK) });
  }

  hasSamePublicKey(other: SpireKey): boolean {
    return this.#publicKey.equals(other.#publicKey);
  }

  /**
   * What to ask of the plugin for a signature.
   * @throws ParsecError `PARSEC_KEY_INVALID` where the key is not of the type that `algorithm` needs
   */
  request(algorithm: SigningAlgorithm, data: Uint8Array): { data: Uint8Array } & SignerOptions {
    const { hash, request } = this.#procedure(algorithm);
    return { data: createHash(hash).update(data).digest(), ...request };
  }

  /**
   * Checks the plugin's answer. Its fingerprint is only the plugin's word, so that the signature itself is verified too: that costs
   * a fraction of the call, and a token with another key's signature never leaves.
   * @returns the signature in the form of JWS (RFC 7518 section 3)
   * @throws ParsecError `PARSEC_KEY_INVALID` where this key did not sign `data`
   */
  async accept(algorithm: SigningAlgorithm, data: Uint8Array, { signature, keyFingerprint }: PluginSignature): Promise<Uint8Array> {
    const { id } = this.managed;
    if (keyFingerprint !== this.#fingerprint) throw refusal(`the plugin signed with another key than "${id}", which it showed before`);
    const { hash, options, coordinate } = this.#procedure(algorithm);
    const jws = coordinate === undefined ? signature : fromDer(signature, coordinate);
    if (jws === undefined) throw refusal(`the plugin's signature with the key "${id}" is malformed`);
    if (!(await verifyInThreadPool(hash, data, { key: this.#publicKey, ...options }, jws))) {
      throw refusal(`the plugin's signature is none of the key "${id}"`);
    }
    return jws;
  }

  #procedure(algorithm: SigningAlgorithm): Procedure {
    const { id, type } = this.managed;
    if (algorithm === 'EdDSA' || KEY_TYPE_OF[algorithm] !== type) {
      throw refusal(`the key "${id}" of type ${type} cannot sign ${algorithm}`);
    }
    return PROCEDURES[algorithm];
  }
}

function readPkix(id: string, der: Buffer): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    throw refusal(`the plugin's key "${id}" is malformed`);
  }
}

function typeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): (typeof SPIRE_KEY_TYPES)[number] | undefined {
  if (asymmetricKeyType === 'rsa') return asymmetricKeyDetails?.modulusLength === 2048 ? 'RSA_2048' : undefined;
  if (asymmetricKeyType !== 'ec') return undefined;
  if (asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'EC_P256';
  return asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'EC_P384' : undefined;
}
