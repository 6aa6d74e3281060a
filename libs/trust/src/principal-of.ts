import type { JsonObject, Principal, TrustedIssuer } from '@parsec/plugin-sdk';
import type { VerifiedJwt } from './verify-jwt.js';

/** What the claims of a verified JWT say about its subject, within what the issuer's configuration lets through. */
export function principalOf({ entry: { issuer, allowsClaim }, claims, sub, audience }: VerifiedJwt, tokenType: string): Principal {
  return {
    sub: issuer.namespace === undefined ? sub : `${issuer.namespace}:${sub}`,
    issuer: issuer.issuer,
    trustedIssuer: issuer.name,
    trustDomain: issuer.trustDomain ?? null,
    tokenType,
    scope: internalScope(claims, issuer),
    audience,
    claims: Object.fromEntries(Object.entries(claims).filter(([name]) => allowsClaim(name))),
  };
}

/** The internal scopes that a credential allows; `null` where it has no scope claim and so does not say. */
function internalScope(claims: JsonObject, { scope: { claim, map } }: TrustedIssuer): readonly string[] | null {
  if (!Object.hasOwn(claims, claim)) return null;
  const external = readScope(claims[claim]);
  const internal = map === undefined ? external : external.flatMap((name) => map.get(name) ?? []);
  return [...new Set(internal)];
}

/** A text of space-separated names (RFC 8693 section 4.2), or a list of names as some providers have it. Anything else allows nothing. */
function readScope(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((name) => name !== '');
  return Array.isArray(value) && value.every((name): name is string => typeof name === 'string') ? value : [];
}
