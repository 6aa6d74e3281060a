/**
 * Every code that a {@link ParsecError} can carry. Code branches on the code, never on a message.
 * The HTTP adapter alone knows which status and OAuth error a code becomes.
 */
export type ErrorCode =
  | 'PARSEC_CONFIGURATION_INVALID'
  | 'PARSEC_PLUGIN_INVALID'
  | 'PARSEC_INSTANCE_OPEN_FAILED'
  | 'PARSEC_REQUEST_MALFORMED'
  | 'PARSEC_REQUEST_METHOD_NOT_ALLOWED'
  | 'PARSEC_REQUEST_MEDIA_TYPE_UNSUPPORTED'
  | 'PARSEC_REQUEST_TOO_LARGE'
  | 'PARSEC_REQUEST_GRANT_TYPE_UNSUPPORTED'
  | 'PARSEC_REQUEST_TARGET_INVALID'
  | 'PARSEC_REQUEST_SCOPE_MALFORMED'
  | 'PARSEC_REQUESTER_AMBIGUOUS'
  | 'PARSEC_REQUESTER_UNAUTHENTICATED'
  | 'PARSEC_SUBJECT_REFUSED'
  | 'PARSEC_AUTHORIZATION_DENIED'
  | 'PARSEC_SCOPE_REFUSED'
  | 'PARSEC_CONTEXT_MEMBER_RESERVED'
  | 'PARSEC_CONTEXT_CREDENTIAL'
  | 'PARSEC_CONTEXT_MAPPING_FAILED'
  | 'PARSEC_TOKEN_CREDENTIAL'
  | 'PARSEC_TOKEN_TOO_LARGE'
  | 'PARSEC_UNAVAILABLE'
  | 'PARSEC_KEY_INVALID'
  | 'PARSEC_STATE_INVALID'
  | 'PARSEC_ADMIN_FAILED'
  | 'PARSEC_EXPRESSION_INVALID'
  | 'PARSEC_INTERNAL';

/** Codes of errors that are nobody's business but the operator's: a caller is told a reference and no reason. */
const UNFORESEEN_CODES = [
  'PARSEC_INTERNAL',
  'PARSEC_TOKEN_CREDENTIAL',
  'PARSEC_EXPRESSION_INVALID',
  'PARSEC_KEY_INVALID',
  'PARSEC_STATE_INVALID',
  'PARSEC_ADMIN_FAILED',
  'PARSEC_CONFIGURATION_INVALID',
  'PARSEC_PLUGIN_INVALID',
  'PARSEC_INSTANCE_OPEN_FAILED',
] as const satisfies readonly ErrorCode[];

/** Codes of errors that a caller is told the kind of. */
export type ForeseenCode = Exclude<ErrorCode, (typeof UNFORESEEN_CODES)[number]>;

/** Whether the caller is told what kind of error this is. */
export function isForeseen(code: ErrorCode): code is ForeseenCode {
  return !UNFORESEEN_CODES.some((unforeseen) => unforeseen === code);
}

/** What an error says beyond its message. */
export interface ParsecErrorOptions {
  /** A stable word (`[a-z0-9_]+`) for audit lines and metrics, finer than the code. Default: the code's last part. */
  readonly reason?: string;
  /** Safe ASCII that the caller may read. Holds no configuration, no policy and no credential. Default: none. */
  readonly publicText?: string;
  readonly cause?: unknown;
}

/**
 * An error that somebody was meant to meet.
 * The message is for the log: it may name configuration, but never holds a credential or any part of one.
 */
export class ParsecError extends Error {
  override readonly name: string = 'ParsecError';
  readonly reason: string;
  readonly publicText: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: ParsecErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = options.reason ?? code.slice('PARSEC_'.length).toLowerCase();
    this.publicText = options.publicText;
  }
}

/**
 * Something outside this process did not answer, or not in time: a data source, a key manager, an issuer's keys.
 * A plugin throws this (and nothing else) when trying again later may help; the caller is then told 503.
 */
export class UnavailableError extends ParsecError {
  override readonly name = 'UnavailableError';

  constructor(message: string, options: ParsecErrorOptions = {}) {
    super('PARSEC_UNAVAILABLE', message, { reason: 'unavailable', ...options });
  }
}

/** Whether `error` carries `code`. Works across copies of this package, which `instanceof` does not. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}
