import type { KeySpec, SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import type { KeyType, SigningAlgorithm } from '@parsec/plugin-sdk';
import { joseSignature } from './ecdsa-signature.js';

/** The types of key that this key manager makes, by the names of the KMS API. */
export const KEY_SPECS = {
  EC_P256: 'ECC_NIST_P256',
  EC_P384: 'ECC_NIST_P384',
  RSA_2048: 'RSA_2048',
} as const satisfies Partial<Record<KeyType, KeySpec>>;

export type KmsKeyType = keyof typeof KEY_SPECS;
export const KMS_KEY_TYPES = Object.keys(KEY_SPECS) as readonly KmsKeyType[];

/** How an algorithm of JWS is done with KMS. */
export interface Procedure {
  readonly algorithm: SigningAlgorithmSpec;
  readonly hash: 'sha256' | 'sha384';
  /** From the form of KMS to the form of JWS. Throws ParsecError `PARSEC_KEY_INVALID` where it is none. */
  readonly toJws: (signature: Uint8Array) => Uint8Array;
}

const asItIs = (signature: Uint8Array): Uint8Array => signature;

/** EdDSA is not among them: KMS signs it over whole messages only, of at most 4096 bytes. */
export const PROCEDURES: Partial<Record<SigningAlgorithm, Procedure>> = {
  ES256: { algorithm: 'ECDSA_SHA_256', hash: 'sha256', toJws: (der) => joseSignature(der, 32) },
  ES384: { algorithm: 'ECDSA_SHA_384', hash: 'sha384', toJws: (der) => joseSignature(der, 48) },
  RS256: { algorithm: 'RSASSA_PKCS1_V1_5_SHA_256', hash: 'sha256', toJws: asItIs },
  PS256: { algorithm: 'RSASSA_PSS_SHA_256', hash: 'sha256', toJws: asItIs },
};
