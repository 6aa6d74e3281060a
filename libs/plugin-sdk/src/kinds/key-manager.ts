import type { HealthReporter } from '../health.js';
import type { JWK } from '../jwk.js';
import type { CallContext } from '../principals.js';

/** JWS algorithms that parsec signs with (RFC 7518 section 3.1, RFC 8037). */
export const SIGNING_ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** What a key manager is asked to make. `RSA_2048` serves RS256 and PS256, `Ed25519` serves EdDSA. */
export const KEY_TYPES = ['EC_P256', 'EC_P384', 'RSA_2048', 'Ed25519'] as const;
export type KeyType = (typeof KEY_TYPES)[number];

/** The type of key that an algorithm needs. */
export const KEY_TYPE_OF = {
  ES256: 'EC_P256',
  ES384: 'EC_P384',
  RS256: 'RSA_2048',
  PS256: 'RSA_2048',
  EdDSA: 'Ed25519',
} as const satisfies Record<SigningAlgorithm, KeyType>;

/** The form of every key identifier: safe as a file name and as an alias. */
export const KEY_ID = /^[a-z][a-z0-9_]*\.[a-z0-9-]{1,64}$/;

/** A key that a key manager holds: the identifier parsec gave it, and its public half. */
export interface ManagedKey {
  readonly id: string;
  readonly type: KeyType;
  /** Public members only. */
  readonly publicKey: JWK;
}

/**
 * Make a key, show its public half, sign these bytes, and forget it. Nothing else: which key signs, when it is replaced, its `kid`,
 * the JWKS and retention are core. Throws `UnavailableError` where trying again later may help.
 */
export interface KeyManager extends Partial<HealthReporter> {
  /** Whether its keys end with the instance. Default: they outlive it. */
  readonly ephemeral?: boolean;
  /** The types of key that it can make. */
  readonly keyTypes: readonly KeyType[];
  /** Every key it holds, also those made before a restart where it outlives one. */
  keys(context: CallContext): Promise<readonly ManagedKey[]>;
  /**
   * Makes a key under an identifier of the form {@link KEY_ID}. When this resolves, the key is as durable as it will ever be.
   * Refuses, and changes nothing, where the identifier is taken or the type is not among {@link keyTypes}.
   */
  generateKey(id: string, type: KeyType, context: CallContext): Promise<ManagedKey>;
  /**
   * Signs `data`, which is not hashed yet.
   * @returns the signature in the form JWS wants: for ECDSA `R || S` of fixed length (RFC 7518 section 3.4), not DER.
   */
  sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, context: CallContext): Promise<Uint8Array>;
  /**
   * Destroys a key that will never sign again, so that no store fills up with them. It is not listed afterwards; an unknown identifier is no error.
   * Left out where keys cannot be destroyed.
   */
  deleteKey?(id: string, context: CallContext): Promise<void>;
}
