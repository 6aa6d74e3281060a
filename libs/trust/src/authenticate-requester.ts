import { JWT_TOKEN_TYPES, ParsecError, type Principal } from '@parsec/plugin-sdk';
import { requesterAudiences } from './issuer-problems.js';
import { principalOf } from './principal-of.js';
import type { ReplayMarks } from './replay-marks.js';
import type { TrustedIssuers } from './trusted-issuers.js';
import { verifyJwt, type RefusalReason, type VerifiedJwt } from './verify-jwt.js';

/** The client assertion type of each method, and what OAuth calls the method (RFC 7523; RFC 8414 section 2). */
export const AUTHENTICATION_METHODS = {
  jwt_bearer: { assertionType: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', metadataName: 'private_key_jwt' },
} as const;
export type AuthenticationMethod = keyof typeof AUTHENTICATION_METHODS;

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

/** What a request brings to prove who sent it. */
export interface RequesterCredentials {
  readonly assertion?: { readonly type: string; readonly token: string };
  /** The scheme of an `Authorization` header. No method uses one, so its credential is not even looked at. */
  readonly authorizationScheme?: string;
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
 * Authenticates the workload that asks, by a client assertion (RFC 7523 section 3).
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
  const { assertion, authorizationScheme, hasClientSecret, clientId } = credentials;
  const methods = [assertion !== undefined, authorizationScheme !== undefined, hasClientSecret].filter(Boolean).length;
  if (methods > 1) throw new ParsecError('PARSEC_REQUESTER_AMBIGUOUS', 'two authentication methods in one request');
  if (assertion === undefined) {
    const tried = authorizationScheme !== undefined || hasClientSecret;
    throw new RequesterError('no client assertion', tried ? 'method_not_configured' : 'credential_missing', authorizationScheme);
  }
  if (!trust.methods.some((method) => AUTHENTICATION_METHODS[method].assertionType === assertion.type))
    throw new RequesterError('a client assertion type that is not configured', 'method_not_configured');

  const verified = await verifyJwt(assertion.token, trust.issuers, {
    role: 'requester',
    types: ['jwt', 'client-authentication+jwt'],
    audiences: (issuer) => requesterAudiences(issuer, trust.serviceIdentifiers),
    maxJsonDepth: trust.maxJsonDepth,
    now,
  });
  if (verified.refused !== undefined) throw refuse(verified.refused);
  checkLifetime(verified, now);

  const principal = principalOf(verified, JWT_TOKEN_TYPES.jwt);
  if (clientId !== undefined && clientId !== principal.sub && clientId !== verified.sub) throw refuse('client_id_mismatch');
  // Last, so that an assertion which is refused for another reason is not used up.
  await claimOnce(verified, trust.replayMarks);
  return { principal, credential: assertion.token, signingInput: verified.signingInput } as VerifiedRequester;
}

function checkLifetime({ claims, expiresAt, entry: { issuer } }: VerifiedJwt, now: number): void {
  const issuedAt = typeof claims['iat'] === 'number' ? claims['iat'] : now / 1_000;
  const longest = issuer.maxLifetime / 1_000;
  // An `iat` in the future, within the skew, must not stretch the life either.
  if (expiresAt - Math.min(issuedAt, now / 1_000) > longest) throw refuse('lifetime_too_long');
}

async function claimOnce({ claims, expiresAt, entry: { issuer } }: VerifiedJwt, replayMarks: ReplayMarks): Promise<void> {
  const { jti } = claims;
  if (jti === undefined) return;
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_LENGTH) throw refuse('jti_invalid');
  // Names hold no line feed, so two issuers' identifiers cannot meet.
  if (!(await replayMarks.claim(`${issuer.name}\n${jti}`, expiresAt * 1_000 + issuer.expLeeway))) throw refuse('replayed');
}

function refuse(reason: RefusalReason | 'lifetime_too_long' | 'client_id_mismatch' | 'jti_invalid' | 'replayed'): RequesterError {
  return new RequesterError('the client assertion is refused', `assertion_${reason}`);
}
