import { isSpoken, JWT_TOKEN_TYPES, ParsecError, type Principal } from '@parsec/plugin-sdk';
import type { VerifiedRequester } from './authenticate-requester.js';
import { parseCompactJws } from './compact-jws.js';
import { introspect } from './introspect.js';
import { principalOf } from './principal-of.js';
import type { TrustedIssuers } from './trusted-issuers.js';
import { verifySpoken } from './verify-spoken.js';
import { verifyJws, type VerificationPolicy, type VerifiedJwt } from './verify-jwt.js';

/** Types of subject and actor tokens (RFC 8693 section 3), and the `typ` that each may have where it is a JWT. */
const TOKEN_TYPES: Readonly<Record<string, readonly string[]>> = {
  [JWT_TOKEN_TYPES.accessToken]: ['jwt', 'at+jwt'],
  [JWT_TOKEN_TYPES.jwt]: ['jwt', 'at+jwt'],
  [JWT_TOKEN_TYPES.idToken]: ['jwt'],
};

declare const verified: unique symbol;

/** A subject whose credential was verified. Only {@link verifySubject} makes one. */
export interface VerifiedSubject {
  readonly [verified]: 'subject';
  readonly principal: Principal;
  /** Seconds since the epoch: when the credential expires; `undefined` where it does not say. */
  readonly expiresAt: number | undefined;
  /** What the signature of the credential is over, so that the same JWT cannot serve as another one too. */
  readonly signingInput: string;
  /** Of a subject that is spoken for: the namespace of a trusted issuer that it is in. */
  readonly spokenNamespace?: string;
}

/** An actor whose credential was verified. Only {@link verifyActor} makes one. */
export interface VerifiedActor {
  readonly [verified]: 'actor';
  readonly principal: Principal;
}

export interface SubjectCredential {
  readonly token: string;
  /** A URI. */
  readonly tokenType: string;
}

export type ActorCredential = SubjectCredential;

/** What verification stands on. */
export interface TokenTrust {
  readonly issuers: TrustedIssuers;
  /** What addresses this service; the first is `server.issuer`. */
  readonly serviceIdentifiers: readonly string[];
  readonly maxJsonDepth: number;
}

/** A refused subject or actor token. */
export class TokenError extends ParsecError {
  constructor(
    role: 'subject' | 'actor',
    reason: string,
    /** The trusted issuer that the token claims to come from, where it is one. */
    readonly trustedIssuer: string | undefined,
  ) {
    super('PARSEC_SUBJECT_REFUSED', `the ${role} token is refused`, { reason: `${role}_${reason}` });
  }
}

/**
 * Verifies the subject token. Every kind of bad token is the same error; only its `reason` differs.
 * @param requester who presents it: its own assertion is never a subject token as well
 * @param now milliseconds since the epoch
 * @throws TokenError `PARSEC_SUBJECT_REFUSED`
 * @throws UnavailableError where none of the issuer's keys are at hand
 */
export async function verifySubject(
  credential: SubjectCredential,
  requester: VerifiedRequester,
  trust: TokenTrust,
  now: number,
): Promise<VerifiedSubject> {
  if (isSpoken(credential.tokenType)) {
    const spoken = await verifySpoken(credential, requester, trust, now);
    if (spoken.refused !== undefined) throw new TokenError('subject', spoken.refused, spoken.trustedIssuer);
    const namespace = trust.issuers.namespaceOf(spoken.principal.sub);
    return { ...spoken, ...(namespace === undefined ? {} : { spokenNamespace: namespace }) } as VerifiedSubject;
  }
  const jwt = await verify('subject', credential, requester, [requester], trust, now);
  const { expiresAt, signingInput } = jwt;
  return { principal: principalOf(jwt, credential.tokenType), expiresAt, signingInput } as VerifiedSubject;
}

/**
 * Verifies the actor token (RFC 8693 section 2.1), like the subject token.
 * @param others whose credentials are never an actor token as well
 * @param now milliseconds since the epoch
 * @throws TokenError `PARSEC_SUBJECT_REFUSED`
 * @throws UnavailableError where none of the issuer's keys are at hand
 */
export async function verifyActor(
  credential: ActorCredential,
  { requester, subject }: { readonly requester: VerifiedRequester; readonly subject: VerifiedSubject },
  trust: TokenTrust,
  now: number,
): Promise<VerifiedActor> {
  const jwt = await verify('actor', credential, requester, [requester, subject], trust, now);
  return { principal: principalOf(jwt, credential.tokenType) } as VerifiedActor;
}

async function verify(
  role: 'subject' | 'actor',
  credential: SubjectCredential,
  requester: VerifiedRequester,
  others: readonly { readonly signingInput: string }[],
  trust: TokenTrust,
  now: number,
): Promise<VerifiedJwt> {
  const { token, tokenType } = credential;
  const types = Object.hasOwn(TOKEN_TYPES, tokenType) ? TOKEN_TYPES[tokenType] : undefined;
  if (types === undefined) throw new TokenError(role, 'token_type_not_accepted', undefined);
  const { issuers, maxJsonDepth } = trust;
  const policy: VerificationPolicy = { role, tokenType, types, audiences: ({ audiences }) => audiences, maxJsonDepth, now };
  const jws = parseCompactJws(token, maxJsonDepth);
  const result =
    jws === undefined
      ? await introspect(token, requester, issuers, { ...policy, tokenType })
      : await verifyJws(token, jws, issuers, policy);
  if (result.refused !== undefined) throw new TokenError(role, result.refused, result.trustedIssuer);
  if (others.some(({ signingInput }) => signingInput === result.signingInput)) {
    throw new TokenError(role, 'is_another_credential', result.entry.issuer.name);
  }
  return result;
}
