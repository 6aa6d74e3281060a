import { createPublicKey, sign, verify, type JsonWebKey, type KeyObject } from 'node:crypto';

/** The public keys that the two credentials of an exchange are verified with. */
export interface VerificationKeys {
  /** RS256, of the access tokens. */
  readonly identityProvider: KeyObject;
  /** ES256, of the client assertions. */
  readonly workloads: KeyObject;
}

/** Fetches both keys from the demonstration identity provider. */
export async function fetchVerificationKeys(identityProviderUrl: string): Promise<VerificationKeys> {
  return {
    identityProvider: await fetchKey(`${identityProviderUrl}/jwks`),
    workloads: await fetchKey(`${identityProviderUrl}/workload/jwks.json`),
  };
}

async function fetchKey(url: string): Promise<KeyObject> {
  const { keys } = (await (await fetch(url)).json()) as { keys: [JsonWebKey] };
  return createPublicKey({ key: keys[0], format: 'jwk' });
}

/** A compact JWS, taken apart and decoded. */
export interface Jws {
  readonly signingInput: Buffer;
  readonly signature: Buffer;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Takes a compact JWS apart; nothing is checked. */
export function parseJws(token: string): Jws {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return {
    signingInput: Buffer.from(`${header}.${payload}`),
    signature: Buffer.from(signature, 'base64url'),
    claims: JSON.parse(Buffer.from(payload, 'base64url').toString()) as Jws['claims'],
  };
}

/** Verifies RS256 or ES256, whichever the key is for. */
export function isSignedBy({ signingInput, signature }: Jws, key: KeyObject): boolean {
  return verify('sha256', signingInput, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** Signs with ES256. */
export function signEs256(signingInput: Buffer, key: KeyObject): Buffer {
  return sign('sha256', signingInput, { key, dsaEncoding: 'ieee-p1363' });
}
