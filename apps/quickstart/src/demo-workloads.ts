import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet } from 'jose';

/** `iss` of the demonstration workloads' assertions. */
export const DEMO_WORKLOADS_ISSUER = 'https://workloads.trust-domain.example';
/** The workload that stands at the edge of the trust domain and asks for Txn-Tokens. */
export const DEMO_GATEWAY = 'apigateway.trust-domain.example';

/** Plays the part of a workload identity provider: a key of its own, and assertions for one workload. */
export interface DemoWorkloads {
  readonly jwks: JSONWebKeySet;
  /**
   * A fresh ES256 client assertion (RFC 7523) of the gateway, with a `jti` of its own.
   * @param lifetime in seconds
   */
  assertion(audience: string, lifetime?: number): Promise<string>;
}

/** Makes the workloads' key; nothing is listening yet. */
export async function makeDemoWorkloads(): Promise<DemoWorkloads> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] },
    assertion(audience, lifetime = 60) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT()
        .setProtectedHeader({ alg: 'ES256', kid })
        .setIssuer(DEMO_WORKLOADS_ISSUER)
        .setSubject(DEMO_GATEWAY)
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(now + lifetime)
        .setJti(randomUUID())
        .sign(privateKey);
    },
  };
}
