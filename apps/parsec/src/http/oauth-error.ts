import type { ExchangeOutcome } from '@parsec/exchange';
import { isForeseen, type ForeseenCode, type ParsecError } from '@parsec/plugin-sdk';
import { RequesterError } from '@parsec/trust';

/** An error answer (RFC 6749 section 5.2). */
export interface OAuthError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: string; readonly error_description: string };
}

/** Status, `error`, and the description where the error itself has no public text. */
type Row = readonly [status: number, error: string, description: string];

const UNFORESEEN: Row = [500, 'server_error', 'Something unforeseen happened.'];

/** The error table of the wire contract. Nothing else knows OAuth's names. */
const TABLE: Readonly<Record<ForeseenCode, Row>> = {
  PARSEC_REQUEST_MALFORMED: [400, 'invalid_request', 'The request is malformed.'],
  PARSEC_REQUEST_METHOD_NOT_ALLOWED: [405, 'invalid_request', 'Only POST is allowed.'],
  PARSEC_REQUEST_MEDIA_TYPE_UNSUPPORTED: [415, 'invalid_request', 'The request must be application/x-www-form-urlencoded in UTF-8.'],
  PARSEC_REQUEST_TOO_LARGE: [413, 'invalid_request', 'The request is too large.'],
  PARSEC_REQUEST_GRANT_TYPE_UNSUPPORTED: [400, 'unsupported_grant_type', 'Only token exchange is supported.'],
  PARSEC_REQUEST_TARGET_INVALID: [400, 'invalid_target', 'The target is not this trust domain.'],
  PARSEC_REQUEST_SCOPE_MALFORMED: [400, 'invalid_scope', 'The scope is malformed.'],
  PARSEC_REQUESTER_AMBIGUOUS: [400, 'invalid_request', 'Only one way of authenticating may be used.'],
  PARSEC_REQUESTER_UNAUTHENTICATED: [401, 'invalid_client', 'The requester could not be authenticated.'],
  PARSEC_SUBJECT_REFUSED: [400, 'invalid_request', 'The subject token is not acceptable.'],
  PARSEC_AUTHORIZATION_DENIED: [400, 'unauthorized_client', 'The requester may not have this token.'],
  PARSEC_SCOPE_REFUSED: [400, 'invalid_scope', 'The scope cannot be granted.'],
  PARSEC_CONTEXT_MEMBER_RESERVED: [400, 'invalid_request', 'The context has a reserved member.'],
  PARSEC_CONTEXT_CREDENTIAL: [400, 'invalid_request', 'The context must not hold a token.'],
  PARSEC_CONTEXT_MAPPING_FAILED: [400, 'invalid_request', 'No Txn-Token can be made from what was sent.'],
  PARSEC_TOKEN_TOO_LARGE: [400, 'invalid_request', 'The Txn-Token would be too large.'],
  PARSEC_UNAVAILABLE: [503, 'temporarily_unavailable', 'Something that is needed does not answer; try again.'],
};

/** Seconds after which a caller may try again. */
const RETRY_AFTER = '5';
/** An auth-scheme (RFC 9110 section 11.1) of sane length; anything else is not repeated. */
const SCHEME = /^[A-Za-z][A-Za-z0-9._-]{0,31}$/;

/** What the caller is told of a refusal. */
export function toOAuthError({ error, reference }: Extract<ExchangeOutcome, { outcome: 'refused' }>): OAuthError {
  const [status, name, description]: Row = isForeseen(error.code) ? TABLE[error.code] : UNFORESEEN;
  const text = status === 500 ? `${description} Reference: ${reference}` : (error.publicText ?? description);
  return { status, headers: headersOf(status, error), body: { error: name, error_description: text } };
}

function headersOf(status: number, error: ParsecError): Record<string, string> {
  const scheme = error instanceof RequesterError && error.scheme !== undefined && SCHEME.test(error.scheme) ? error.scheme : undefined;
  return {
    ...(scheme === undefined ? {} : { 'WWW-Authenticate': `${scheme} realm="parsec"` }),
    ...(status === 405 ? { Allow: 'POST' } : {}),
    ...(status === 503 ? { 'Retry-After': RETRY_AFTER } : {}),
    // What is left of the body is not read, so the connection cannot be used again.
    ...(status === 413 ? { Connection: 'close' } : {}),
  };
}
