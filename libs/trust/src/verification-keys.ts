import { createPublicKey, type KeyObject } from 'node:crypto';
import { isJsonObject, type JWK, type JsonObject } from '@parsec/plugin-sdk';

/** A public key of an issuer that is fit for use. */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly key: KeyObject;
  readonly algorithms: readonly string[];
}

/** Usable keys of one set beyond this number are left out. The size of a set bounds what has to be looked at. */
const MAX_KEYS = 100;
const RSA_BITS = { min: 2048, max: 8192 };
/** Public exponents beyond this make verification slow, and nobody uses them. */
const MAX_RSA_EXPONENT = 2n ** 32n;

const EC_ALGORITHMS: Readonly<Record<string, readonly string[]>> = { 'P-256': ['ES256'], 'P-384': ['ES384'], 'P-521': ['ES512'] };
const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const EDWARDS_ALGORITHMS = ['EdDSA', 'Ed25519'];

/**
 * Picks the usable keys of a JWK Set (RFC 7517). A key that is malformed, too weak, off its curve, symmetric or meant for
 * something else is passed over and does not spoil the others.
 * @returns `undefined` where this is no JWK Set at all
 */
export function readVerificationKeys(document: unknown): readonly VerificationKey[] | undefined {
  if (!isJsonObject(document) || !Array.isArray(document['keys'])) return undefined;
  return document['keys'].flatMap((member: unknown) => readKey(member) ?? []).slice(0, MAX_KEYS);
}

function readKey(jwk: unknown): VerificationKey | undefined {
  if (!isJsonObject(jwk) || !isMeantForVerification(jwk)) return undefined;
  const fitting = algorithmsOf(jwk);
  const algorithms = jwk['alg'] === undefined ? fitting : fitting.filter((algorithm) => algorithm === jwk['alg']);
  if (algorithms.length === 0) return undefined;
  let key: KeyObject;
  try {
    key = createPublicKey({ key: publicMembers(jwk), format: 'jwk' });
  } catch {
    return undefined;
  }
  if (!isStrong(key)) return undefined;
  return { kid: typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined, key, algorithms };
}

function isMeantForVerification(jwk: JsonObject): boolean {
  const { use, key_ops: operations } = jwk as Partial<Record<'use' | 'key_ops', unknown>>;
  return (use === undefined || use === 'sig') && (!Array.isArray(operations) || operations.includes('verify'));
}

function algorithmsOf(jwk: JsonObject): readonly string[] {
  const curve = typeof jwk['crv'] === 'string' ? jwk['crv'] : '';
  if (jwk['kty'] === 'RSA') return RSA_ALGORITHMS;
  if (jwk['kty'] === 'EC') return (Object.hasOwn(EC_ALGORITHMS, curve) ? EC_ALGORITHMS[curve] : undefined) ?? [];
  if (jwk['kty'] === 'OKP' && curve === 'Ed25519') return EDWARDS_ALGORITHMS;
  return [];
}

/** Only the members of a public key: a set that holds private ones by mistake must not bring them here. */
function publicMembers({ kty, crv, x, y, n, e }: JsonObject): JWK & Record<string, unknown> {
  return Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => typeof value === 'string')) as JWK &
    Record<string, unknown>;
}

function isStrong(key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa') return true;
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const oddAboveOne = publicExponent > 1n && publicExponent % 2n === 1n;
  return modulusLength >= RSA_BITS.min && modulusLength <= RSA_BITS.max && oddAboveOne && publicExponent < MAX_RSA_EXPONENT;
}
