import { JWT_TOKEN_TYPES, ParsecError, SPOKEN_TOKEN_TYPES, type Principal } from '@parsec/plugin-sdk';
import { requesterAudiences } from './issuer-problems.js';
import { principalOf } from './principal-of.js';
import type { ReplayMarks } from './replay-marks.js';
import type { TrustedIssuers } from './trusted-issuers.js';
import { verifyJwt, type RefusalReason, type VerifiedJwt } from './verify-jwt.js';

/** The ways in which a requester can authenticate: by a client assertion in the form (RFC 7523), or in an `Authorization: Bearer` header. */
export const AUTHENTICATION_METHODS = ['jwt_bearer', 'bearer'] as const;
export type AuthenticationMethod = (typeof AUTHENTICATION_METHODS)[number];

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Characters. */
const MAX_JTI_LENGTH = 256;

declare const authenticated: unique symbol;

/** A requester that proved who it is. Only {@link authenticateRequester} makes one. */
export interface VerifiedRequester {
  readonly [authenticated]: true;
  readonly principal: Principal;
  /** What it proved itself with; must not go anywhere. */
  readonly credential: string;
  /** What the signature of its assertion is over, so that the same JWT cannot serve as another credential too. */
  readonly signingInput: string;
}

type AssertionRefusal = RefusalReason | 'lifetime_too_long' | 'client_id_mismatch' | 'jti_invalid' | 'replayed';

/** What a request brings to prove who sent it. */
export interface RequesterCredentials {
  readonly assertion?: { readonly type: string; readonly token: string };
  /** An `Authorization` header (RFC 9110 section 11.4). */
  readonly authorization?: { readonly scheme: string; readonly token: string };
  readonly hasClientSecret: boolean;
  readonly clientId?: string;
}

/** What authentication stands on. */
export interface RequesterTrust {
  /** The methods that are accepted, and no others. */
  readonly methods: readonly AuthenticationMethod[];
  readonly issuers: TrustedIssuers;
  readonly replayMarks: ReplayMarks;
  /** What an assertion may name in `aud`: `server.issuer` and the URL of the token endpoint. */
  readonly serviceIdentifiers: readonly string[];
  readonly maxJsonDepth: number;
}

/** A refused requester, with the scheme that its 401 has to name, where one was tried. */
export class RequesterError extends ParsecError {
  constructor(
    message: string,
    reason: string,
    readonly scheme?: string,
  ) {
    super('PARSEC_REQUESTER_UNAUTHENTICATED', message, { reason });
  }
}

/**
 * Authenticates the workload that asks, by an assertion (RFC 7523 section 3).
 * @param now milliseconds since the epoch
 * @throws RequesterError where it is nobody, or its credential is bad
 * @throws ParsecError `PARSEC_REQUESTER_AMBIGUOUS` where two methods are tried at once
 * @throws UnavailableError where the credential cannot be checked now
 */
export async function authenticateRequester(
  credentials: RequesterCredentials,
  trust: RequesterTrust,
  now: number,
): Promise<VerifiedRequester> {
  const { clientId } = credentials;
  const { token, scheme } = pickAssertion(credentials, trust.methods);
  const refuse = (reason: AssertionRefusal): RequesterError =>
    new RequesterError('the client assertion is refused', `assertion_${reason}`, scheme);

  const verified = await verifyJwt(token, trust.issuers, {
    role: 'requester',
    types: ['jwt', 'client-authentication+jwt'],
    audiences: (issuer) => requesterAudiences(issuer, trust.serviceIdentifiers),
    maxJsonDepth: trust.maxJsonDepth,
    now,
  });
  if (verified.refused !== undefined) throw refuse(verified.refused);
  // Its tokens for others must not make somebody else of it.
  if (signsForItself(verified) && verified.sub !== verified.entry.issuer.issuer) throw refuse('subject_invalid');
  if (livesTooLong(verified, now)) throw refuse('lifetime_too_long');

  const principal = principalOf(verified, JWT_TOKEN_TYPES.jwt);
  if (clientId !== undefined && clientId !== principal.sub && clientId !== verified.sub) throw refuse('client_id_mismatch');
  // Last, so that an assertion which is refused for another reason is not used up.
  const used = await claimOnce(verified, trust.replayMarks);
  if (used !== undefined) throw refuse(used);
  return { principal, credential: token, signingInput: verified.signingInput } as VerifiedRequester;
}

/** The one assertion of a request. @returns the scheme too, where it came with one */
function pickAssertion(
  { assertion, authorization, hasClientSecret }: RequesterCredentials,
  methods: readonly AuthenticationMethod[],
): { readonly token: string; readonly scheme?: string } {
  const tried = [assertion !== undefined, authorization !== undefined, hasClientSecret].filter(Boolean).length;
  if (tried === 0) throw new RequesterError('no client assertion', 'credential_missing');
  if (tried > 1) throw new ParsecError('PARSEC_REQUESTER_AMBIGUOUS', 'two authentication methods in one request');
  if (assertion?.type === JWT_BEARER && methods.includes('jwt_bearer')) return { token: assertion.token };
  // Schemes are told apart without regard to case (RFC 9110 section 11.1).
  if (authorization?.scheme.toLowerCase() === 'bearer' && methods.includes('bearer')) return authorization;
  throw new RequesterError('a way of authenticating that is not configured', 'method_not_configured', authorization?.scheme);
}

function signsForItself({ entry: { issuer } }: VerifiedJwt): boolean {
  return issuer.tokenTypes.includes(SPOKEN_TOKEN_TYPES.selfSigned);
}

/** Whether it lives longer than its issuer's assertions may. */
export function livesTooLong({ claims, expiresAt, entry: { issuer } }: VerifiedJwt, now: number): boolean {
  const issuedAt = typeof claims['iat'] === 'number' ? claims['iat'] : now / 1_000;
  const longest = issuer.maxLifetime / 1_000;
  // An `iat` in the future, within the skew, must not stretch the life either.
  return expiresAt - Math.min(issuedAt, now / 1_000) > longest;
}

/** @returns why it cannot be used, if that is so */
async function claimOnce(
  { claims, expiresAt, entry: { issuer } }: VerifiedJwt,
  replayMarks: ReplayMarks,
): Promise<'jti_invalid' | 'replayed' | undefined> {
  const { jti } = claims;
  if (jti === undefined || issuer.allowReuse) return undefined;
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_LENGTH) return 'jti_invalid';
  // Names hold no line feed, so two issuers' identifiers cannot meet.
  return (await replayMarks.claim(`${issuer.name}\n${jti}`, expiresAt * 1_000 + issuer.expLeeway)) ? undefined : 'replayed';
}
