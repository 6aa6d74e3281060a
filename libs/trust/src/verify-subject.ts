import { JWT_TOKEN_TYPES, ParsecError, type Principal } from '@parsec/plugin-sdk';
import type { VerifiedRequester } from './authenticate-requester.js';
import { principalOf } from './principal-of.js';
import type { TrustedIssuers } from './trusted-issuers.js';
import { verifyJwt } from './verify-jwt.js';

/** Subject token types that are JWTs of a trusted issuer (RFC 8693 section 3), and the `typ` each may have. */
const SUBJECT_TOKEN_TYPES: Readonly<Record<string, readonly string[]>> = {
  [JWT_TOKEN_TYPES.accessToken]: ['jwt', 'at+jwt'],
  [JWT_TOKEN_TYPES.jwt]: ['jwt', 'at+jwt'],
  [JWT_TOKEN_TYPES.idToken]: ['jwt'],
};

declare const verified: unique symbol;

/** A subject whose credential was verified. Only {@link verifySubject} makes one. */
export interface VerifiedSubject {
  readonly [verified]: true;
  readonly principal: Principal;
  /** Seconds since the epoch: when the credential expires. */
  readonly expiresAt: number;
}

export interface SubjectCredential {
  readonly token: string;
  /** A URI. */
  readonly tokenType: string;
}

/**
 * Verifies the subject token. Every kind of bad token is the same error; only its `reason` differs.
 * @param requester who presents it: its own assertion is never a subject token as well
 * @param now milliseconds since the epoch
 * @throws ParsecError `PARSEC_SUBJECT_REFUSED`
 * @throws UnavailableError where none of the issuer's keys are at hand
 */
export async function verifySubject(
  { token, tokenType }: SubjectCredential,
  requester: VerifiedRequester,
  { issuers, maxJsonDepth }: { readonly issuers: TrustedIssuers; readonly maxJsonDepth: number },
  now: number,
): Promise<VerifiedSubject> {
  const types = Object.hasOwn(SUBJECT_TOKEN_TYPES, tokenType) ? SUBJECT_TOKEN_TYPES[tokenType] : undefined;
  if (types === undefined) throw refuse('token_type_not_accepted');
  const result = await verifyJwt(token, issuers, {
    role: 'subject',
    tokenType,
    types,
    audiences: (issuer) => issuer.audiences,
    maxJsonDepth,
    now,
  });
  if (result.refused !== undefined) throw refuse(result.refused, result.trustedIssuer);
  if (result.signingInput === requester.signingInput) throw refuse('is_the_assertion', result.entry.issuer.name);
  return { principal: principalOf(result, tokenType), expiresAt: result.expiresAt } as VerifiedSubject;
}

/** A refused subject token. */
export class SubjectError extends ParsecError {
  constructor(
    reason: string,
    /** The trusted issuer that the token claims to come from, where it is one. */
    readonly trustedIssuer: string | undefined,
  ) {
    super('PARSEC_SUBJECT_REFUSED', 'the subject token is refused', { reason: `subject_${reason}` });
  }
}

function refuse(reason: string, trustedIssuer?: string): SubjectError {
  return new SubjectError(reason, trustedIssuer);
}
