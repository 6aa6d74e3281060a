import { findCredential, type JsonObject, type TrustedIssuer, type TrustedRole } from '@parsec/plugin-sdk';
import { compactVerify } from 'jose';
import { parseCompactJws, type UnverifiedJws } from './compact-jws.js';
import type { IssuerEntry, TrustedIssuers } from './trusted-issuers.js';

/** Why a credential is refused; goes to the log and never to the caller. */
export type RefusalReason =
  | 'malformed'
  | 'header_invalid'
  | 'kind_mismatch'
  | 'issuer_untrusted'
  | 'issuer_ambiguous'
  | 'inactive'
  | 'token_type_not_accepted'
  | 'algorithm_not_accepted'
  | 'key_unknown'
  | 'signature_invalid'
  | 'expiry_missing'
  | 'expired'
  | 'not_yet_valid'
  | 'issued_in_future'
  | 'too_old'
  | 'audience_mismatch'
  | 'subject_invalid'
  | 'access_token_incomplete'
  | 'key_bound';

/** A credential whose signature, or whose issuer when it was asked, and whose general claims say that it is good. */
export interface VerifiedJwt {
  readonly refused?: never;
  readonly entry: IssuerEntry;
  readonly claims: JsonObject;
  readonly sub: string;
  readonly audience: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** What the signature is over, or the whole token where there is none; identifies the token. */
  readonly signingInput: string;
}

/** A credential that is not accepted. */
export interface RefusedJwt {
  readonly refused: RefusalReason;
  /** The trusted issuer that it claims to come from, where it is one. */
  readonly trustedIssuer?: string;
}

/** What is asked of a credential beyond a good signature of a trusted issuer. */
export interface VerificationPolicy {
  readonly role: TrustedRole;
  /** The subject token type, for subjects. */
  readonly tokenType?: string;
  /** Values of `typ` in their short form that this kind of credential may have; a JWT without `typ` is always possible. */
  readonly types: readonly string[];
  /** The `aud` values of which a credential of this issuer must hold one. */
  readonly audiences: (issuer: TrustedIssuer) => readonly string[];
  readonly maxJsonDepth: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The last second of the year 9999: beyond it a number is a mistake, such as milliseconds. */
const MAX_NUMERIC_DATE = 253_402_300_799;
/** Characters. */
const MAX_SUBJECT_LENGTH = 1024;

/**
 * Verifies a JWT (RFC 7519) of a trusted issuer: one piece of code for every credential that is one.
 * The issuer is found by its exact `iss` before any key is; the algorithm must be among those that its configuration names
 * and fit the key; key headers inside the token are never followed.
 * @throws UnavailableError where the issuer is trusted but none of its keys are at hand
 */
export async function verifyJwt(token: string, issuers: TrustedIssuers, policy: VerificationPolicy): Promise<VerifiedJwt | RefusedJwt> {
  const jws = parseCompactJws(token, policy.maxJsonDepth);
  if (jws === undefined) return { refused: 'malformed' };
  return verifyJws(token, jws, issuers, policy);
}

/** Verifies a JWT that was taken apart; see {@link verifyJwt}. */
export async function verifyJws(
  token: string,
  jws: UnverifiedJws,
  issuers: TrustedIssuers,
  policy: VerificationPolicy,
): Promise<VerifiedJwt | RefusedJwt> {
  const { iss } = jws.payload;
  const entry = typeof iss === 'string' ? issuers.find(iss) : undefined;
  const claimed = entry === undefined ? {} : { trustedIssuer: entry.issuer.name };

  const header = readHeader(jws.header, policy);
  if (typeof header === 'string') return { refused: header, ...claimed };
  if (entry === undefined || !entry.issuer.acceptAs.includes(policy.role)) return { refused: 'issuer_untrusted', ...claimed };
  const reason = await verifyFor(entry, token, jws, header, policy);
  return typeof reason === 'string' ? { refused: reason, ...claimed } : reason;
}

interface Header {
  readonly alg: string;
  readonly kid: string | undefined;
  /** In its short form. */
  readonly typ: string | undefined;
}

function readHeader(header: JsonObject, policy: VerificationPolicy): Header | RefusalReason {
  const { alg, kid, typ } = header as Partial<Record<'alg' | 'kid' | 'typ', unknown>>;
  if (typeof alg !== 'string' || !isTextOrMissing(kid) || !isTextOrMissing(typ)) return 'header_invalid';
  // No extension is supported, and one that is not critical must not change how the payload is read (RFC 7797).
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return 'header_invalid';
  const type = typ === undefined ? undefined : shortType(typ);
  if (type !== undefined && !policy.types.includes(type)) return 'kind_mismatch';
  return { alg, kid, typ: type };
}

async function verifyFor(
  entry: IssuerEntry,
  token: string,
  { payload, signingInput }: UnverifiedJws,
  { alg, kid, typ }: Header,
  policy: VerificationPolicy,
): Promise<VerifiedJwt | RefusalReason> {
  const { issuer } = entry;
  if (policy.tokenType !== undefined && !issuer.tokenTypes.includes(policy.tokenType)) return 'token_type_not_accepted';
  if (!issuer.algorithms.some((accepted) => accepted === alg)) return 'algorithm_not_accepted';
  const signature = await verifySignature(token, entry, kid, alg);
  if (signature !== 'good') return signature;
  if (typ === 'at+jwt' && !isAccessToken(payload)) return 'access_token_incomplete';
  return checkClaims(payload, entry, policy, signingInput);
}

async function verifySignature(
  token: string,
  { keys }: IssuerEntry,
  kid: string | undefined,
  alg: string,
): Promise<'good' | RefusalReason> {
  const candidates = await keys.candidates(kid, alg);
  for (const { key } of candidates) {
    try {
      await compactVerify(token, key, { algorithms: [alg] });
      return 'good';
    } catch {
      // Another key may have the same `kid`, or the token may name none.
    }
  }
  return candidates.length === 0 ? 'key_unknown' : 'signature_invalid';
}

/** What holds of the claims of every credential. */
export function checkClaims(
  claims: JsonObject,
  entry: IssuerEntry,
  policy: VerificationPolicy,
  signingInput: string,
): VerifiedJwt | RefusalReason {
  const { issuer } = entry;
  const sub = entry.subjectOf(claims);
  const { exp, nbf, iat, aud } = claims as Partial<Record<'exp' | 'nbf' | 'iat' | 'aud', unknown>>;
  const now = policy.now / 1_000;
  const skew = issuer.clockSkew / 1_000;

  if (!isNumericDate(exp)) return 'expiry_missing';
  if (now >= exp + issuer.expLeeway / 1_000) return 'expired';
  if (nbf !== undefined && !(isNumericDate(nbf) && nbf <= now + skew)) return 'not_yet_valid';
  if (iat !== undefined && !(isNumericDate(iat) && iat <= now + skew)) return 'issued_in_future';
  const { maxAge } = issuer;
  if (policy.role !== 'requester' && maxAge !== undefined && !(isNumericDate(iat) && now < iat + maxAge / 1_000 + skew)) return 'too_old';

  const audience = readAudience(aud);
  if (audience === undefined || !policy.audiences(issuer).some((accepted) => audience.includes(accepted))) return 'audience_mismatch';
  if (!isSubject(claims['sub']) || !isSubject(sub)) return 'subject_invalid';
  // The holder's proof is not checked here, so a bound token would become a bearer token.
  if (Object.hasOwn(claims, 'cnf') && !issuer.allowBound) return 'key_bound';
  return { entry, claims, sub, audience, expiresAt: exp, signingInput };
}

/** What a token that says it is a JWT access token must hold beside what every credential must (RFC 9068 section 2.2). */
function isAccessToken({ iat, jti, client_id: clientId }: JsonObject): boolean {
  return isNumericDate(iat) && [jti, clientId].every((claim) => typeof claim === 'string' && claim !== '');
}

function isTextOrMissing(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** Whether this can be a `sub`. It goes into the token and the log, so it is bounded and is no credential itself. */
export function isSubject(sub: unknown): sub is string {
  return (
    typeof sub === 'string' && sub !== '' && sub.length <= MAX_SUBJECT_LENGTH && sub.isWellFormed() && findCredential(sub) === undefined
  );
}

/** `application/` may be left out of a media type in `typ`, and case does not count (RFC 7515 section 4.1.9). */
function shortType(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= MAX_NUMERIC_DATE;
}

function readAudience(aud: unknown): readonly string[] | undefined {
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) && aud.every((value): value is string => typeof value === 'string') ? aud : undefined;
}
