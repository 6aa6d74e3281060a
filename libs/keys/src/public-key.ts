import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { ParsecError, type JWK, type KeyType, type ManagedKey } from '@parsec/plugin-sdk';
import { calculateJwkThumbprint } from 'jose';

const RSA_BITS = 2048;

const FORMS: Record<KeyType, { readonly kty: string; readonly crv?: string }> = {
  EC_P256: { kty: 'EC', crv: 'P-256' },
  EC_P384: { kty: 'EC', crv: 'P-384' },
  RSA_2048: { kty: 'RSA' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
};

/** The public half of a managed key, checked. */
export interface PublicKey {
  /** RFC 7638 thumbprint, SHA-256. */
  readonly kid: string;
  /** Public members in their canonical form, whatever else the key manager showed. */
  readonly jwk: JWK;
  readonly key: KeyObject;
}

/** @throws ParsecError `PARSEC_KEY_INVALID` where what the key manager shows is no public key of the type it names */
export async function readPublicKey({ id, type, publicKey }: ManagedKey): Promise<PublicKey> {
  const key = parse(id, publicKey);
  const jwk = key.export({ format: 'jwk' }) as JWK;
  const { kty, crv } = FORMS[type];
  const bits = key.asymmetricKeyDetails?.modulusLength ?? RSA_BITS;
  if (jwk.kty !== kty || jwk.crv !== crv || bits !== RSA_BITS) throw invalid(id, `is not of the type ${type}`);
  return { kid: await calculateJwkThumbprint(key), jwk, key };
}

function parse(id: string, { kty, crv, x, y, n, e }: JWK): KeyObject {
  try {
    return createPublicKey({ key: { kty, crv, x, y, n, e } as JsonWebKey, format: 'jwk' });
  } catch (error) {
    throw invalid(id, 'has no well-formed public half', error);
  }
}

function invalid(id: string, problem: string, cause?: unknown): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', `the key "${id}" ${problem}`, { cause });
}
