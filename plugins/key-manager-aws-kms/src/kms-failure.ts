import { ParsecError, UnavailableError } from '@parsec/plugin-sdk';

/** What went wrong with one attempt of a call, and what it is worth to try again. */
export interface KmsFailure {
  readonly error: ParsecError;
  /** `not_done`: KMS refused before doing anything. `unknown`: whether it was done, nobody can tell. `never`: another attempt would end alike. */
  readonly again: 'not_done' | 'unknown' | 'never';
}

/** KMS understood a call and refused it; the message names the operation, never what KMS said. */
export class KmsRefusal extends ParsecError {
  constructor(
    /** The name of the exception, such as `NotFoundException`. */
    readonly exception: string,
    message: string,
  ) {
    super('PARSEC_KEY_INVALID', message);
  }
}

/** Whether KMS refused with one of these exceptions. */
export function isRefusal(error: unknown, ...exceptions: readonly string[]): boolean {
  return error instanceof KmsRefusal && exceptions.includes(error.exception);
}

/** An attempt took too long. */
export class AttemptTimeout extends Error {}

const THROTTLED = /^(?:Throttl\w+|LimitExceededException|RequestLimitExceeded|TooManyRequestsException)$/;
/** 4xx in the KMS API, although they pass. */
const PASSING = /^(?:DependencyTimeout(?:Exception)?|KMSInternal(?:Exception)?|KeyUnavailable(?:Exception)?|RequestTimeout(?:Exception)?)$/;
/** No credentials, or none that hold: the SDK looks for others at the next call. A clock that is wrong looks the same. */
const CREDENTIALS =
  /^(?:CredentialsProviderError|TokenProviderError|ExpiredToken(?:Exception)?|UnrecognizedClientException|InvalidClientTokenId|MissingAuthenticationToken(?:Exception)?|InvalidSignatureException|SignatureDoesNotMatch|IncompleteSignature(?:Exception)?|RequestExpired|RequestInTheFuture)$/;

const HINTS: Readonly<Record<string, (operation: string) => string>> = {
  AccessDeniedException: (operation) => `the credentials in use lack the permission kms:${operation}`,
  NotFoundException: () => 'there is no such key or alias',
  DisabledException: () => 'the key is disabled',
  KMSInvalidStateException: () => 'the state of the key, such as a pending deletion, does not allow it',
  AlreadyExistsException: () => 'the alias is taken',
};

/**
 * What an error of the SDK means.
 * Neither its message nor the error itself goes further: KMS repeats parts of a request, and with them session tokens, in what it says about signatures.
 * @param operation as the KMS API and IAM name it, such as `Sign`
 * @param about the key or alias concerned, in words
 */
export function kmsFailure(operation: string, about: string, error: unknown): KmsFailure {
  const { name, status, code, requestId, clockCorrected } = facts(error);
  const what = `kms:${operation} ${about}`;
  const evidence = [
    name,
    code,
    status === undefined ? undefined : `HTTP ${status}`,
    requestId === undefined ? undefined : `request ${requestId}`,
  ];
  const seen = evidence.filter((part) => part !== undefined).join(', ');
  const unavailable = (problem: string): ParsecError => new UnavailableError(`${what} ${problem} (${seen})`);

  if (error instanceof AttemptTimeout) return { error: new UnavailableError(`${what} was not answered in time`), again: 'unknown' };
  if (status === 429 || THROTTLED.test(name)) return { error: unavailable('was throttled'), again: 'not_done' };
  if (CREDENTIALS.test(name)) {
    return { error: unavailable('had no valid AWS credentials'), again: clockCorrected ? 'not_done' : 'never' };
  }
  if (PASSING.test(name)) return { error: unavailable('failed'), again: 'unknown' };
  if (status !== undefined && status >= 400 && status < 500) {
    const hint = HINTS[name]?.(operation) ?? 'the request is not acceptable';
    return { error: new KmsRefusal(name, `${what} was refused: ${hint} (${seen})`), again: 'never' };
  }
  return { error: unavailable('failed'), again: 'unknown' };
}

interface Facts {
  readonly name: string;
  readonly status: number | undefined;
  /** Of a failed system call or TLS handshake. */
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  /** The SDK found by this answer that the local clock is wrong, and allows for it from now on. */
  readonly clockCorrected: boolean;
}

/** Only what has the form of a name or number: texts may hold anything. */
function facts(error: unknown): Facts {
  const { name, code, $metadata } = (error ?? {}) as {
    name?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: unknown; requestId?: unknown; clockSkewCorrected?: unknown };
  };
  return {
    name: word(name) ?? 'Error',
    status: typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined,
    code: word(code),
    requestId: word($metadata?.requestId),
    clockCorrected: $metadata?.clockSkewCorrected === true,
  };
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? value : undefined;
}
