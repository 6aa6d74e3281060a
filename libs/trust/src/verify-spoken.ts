import { findCredential, parseJsonObject, SPOKEN_TOKEN_TYPES, type Principal } from '@parsec/plugin-sdk';
import { livesTooLong, type VerifiedRequester } from './authenticate-requester.js';
import { isSubject, verifyJwt, type RefusalReason } from './verify-jwt.js';
import type { SubjectCredential, TokenTrust } from './verify-tokens.js';

/** A subject as its requester says that it is. What policy permits decides whether that counts. */
interface SpokenSubject {
  readonly refused?: never;
  readonly principal: Principal;
  readonly expiresAt: number | undefined;
  readonly signingInput: string;
}

interface RefusedSubject {
  readonly refused: RefusalReason | 'is_another_credential' | 'not_its_own' | 'lifetime_too_long' | 'holds_a_credential';
  readonly trustedIssuer?: string;
}

/**
 * Reads a subject that a requester speaks for on its own word. Its `sub` is taken as it is, and its scope is never known: whoever says
 * who somebody is does not also say what they may.
 * @throws UnavailableError where keys that are needed are not at hand
 */
export function verifySpoken(
  credential: SubjectCredential,
  requester: VerifiedRequester,
  trust: TokenTrust,
  now: number,
): Promise<SpokenSubject | RefusedSubject> {
  return credential.tokenType === SPOKEN_TOKEN_TYPES.selfSigned
    ? verifySelfSigned(credential, requester, trust, now)
    : Promise.resolve(readUnsigned(credential, requester, trust));
}

/** A JWT that the requester signed itself: `iss` is nobody but the requester that authenticated. */
async function verifySelfSigned(
  { token, tokenType }: SubjectCredential,
  requester: VerifiedRequester,
  { issuers, maxJsonDepth, serviceIdentifiers }: TokenTrust,
  now: number,
): Promise<SpokenSubject | RefusedSubject> {
  const audiences = (): readonly string[] => serviceIdentifiers.slice(0, 1);
  const jwt = await verifyJwt(token, issuers, { role: 'subject', tokenType, types: ['jwt'], audiences, maxJsonDepth, now });
  if (jwt.refused !== undefined) return jwt;
  const { claims, audience, expiresAt, signingInput, entry } = jwt;
  const { issuer } = entry;
  const refuse = (refused: RefusedSubject['refused']): RefusedSubject => ({ refused, trustedIssuer: issuer.name });
  if (signingInput === requester.signingInput) return refuse('is_another_credential');
  const isItself = issuer.issuer === requester.principal.sub || issuer.name === requester.principal.trustedIssuer;
  if (!isItself) return refuse('not_its_own');
  if (claims['iat'] === undefined) return refuse('too_old');
  if (livesTooLong(jwt, now)) return refuse('lifetime_too_long');
  const principal: Principal = {
    sub: jwt.sub,
    issuer: issuer.issuer,
    trustedIssuer: issuer.name,
    trustDomain: issuer.trustDomain ?? null,
    tokenType,
    scope: null,
    audience,
    claims: Object.fromEntries(Object.entries(claims).filter(([name]) => entry.allowsClaim(name))),
  };
  return { principal, expiresAt, signingInput };
}

/** A JSON object with a `sub`. The issuer that says who the requester is must let its requesters bring such. */
function readUnsigned(
  { token, tokenType }: SubjectCredential,
  { principal: requester }: VerifiedRequester,
  { issuers, maxJsonDepth }: TokenTrust,
): SpokenSubject | RefusedSubject {
  const { issuer, trustedIssuer, trustDomain } = requester;
  const refuse = (refused: RefusedSubject['refused']): RefusedSubject => ({ refused, trustedIssuer });
  if (issuers.named(trustedIssuer)?.issuer.tokenTypes.includes(tokenType) !== true) return refuse('token_type_not_accepted');
  const { object } = parseJsonObject(token, { maxDepth: maxJsonDepth });
  if (object === undefined) return refuse('malformed');
  if (findCredential(object) !== undefined) return refuse('holds_a_credential');
  const { sub } = object;
  if (!isSubject(sub)) return refuse('subject_invalid');
  const principal: Principal = { sub, issuer, trustedIssuer, trustDomain, tokenType, scope: null, audience: [], claims: object };
  return { principal, expiresAt: undefined, signingInput: token };
}
