import { ParsecError, UnavailableError } from '@parsec/plugin-sdk';

/** Failures that stay until somebody changes the configuration, the token or the rights of its user. */
const LASTING = {
  CKR_ARGUMENTS_BAD: 0x07,
  CKR_CANT_LOCK: 0x0a,
  CKR_ATTRIBUTE_READ_ONLY: 0x10,
  CKR_ATTRIBUTE_SENSITIVE: 0x11,
  CKR_ATTRIBUTE_TYPE_INVALID: 0x12,
  CKR_ATTRIBUTE_VALUE_INVALID: 0x13,
  CKR_ACTION_PROHIBITED: 0x1b,
  CKR_DATA_INVALID: 0x20,
  CKR_DATA_LEN_RANGE: 0x21,
  CKR_FUNCTION_NOT_SUPPORTED: 0x54,
  CKR_KEY_HANDLE_INVALID: 0x60,
  CKR_KEY_SIZE_RANGE: 0x62,
  CKR_KEY_TYPE_INCONSISTENT: 0x63,
  CKR_KEY_FUNCTION_NOT_PERMITTED: 0x68,
  CKR_MECHANISM_INVALID: 0x70,
  CKR_MECHANISM_PARAM_INVALID: 0x71,
  CKR_OBJECT_HANDLE_INVALID: 0x82,
  CKR_SESSION_READ_ONLY: 0xb5,
  CKR_TEMPLATE_INCOMPLETE: 0xd0,
  CKR_TEMPLATE_INCONSISTENT: 0xd1,
  CKR_TOKEN_WRITE_PROTECTED: 0xe2,
  CKR_DOMAIN_PARAMS_INVALID: 0x130,
  CKR_CURVE_NOT_SUPPORTED: 0x140,
  // After these, trying to log in again would only bring the token nearer to being locked.
  CKR_PIN_INCORRECT: 0xa0,
  CKR_PIN_INVALID: 0xa1,
  CKR_PIN_LEN_RANGE: 0xa2,
  CKR_PIN_EXPIRED: 0xa3,
  CKR_PIN_LOCKED: 0xa4,
  CKR_USER_PIN_NOT_INITIALIZED: 0x102,
  CKR_USER_TYPE_INVALID: 0x103,
  CKR_USER_ANOTHER_ALREADY_LOGGED_IN: 0x104,
};

/** The memory of the token or of the machine is full; the sessions are as good as before. */
const FULL = { CKR_HOST_MEMORY: 0x02, CKR_DEVICE_MEMORY: 0x31 };

const lasting: ReadonlySet<number> = new Set(Object.values(LASTING));
const full: ReadonlySet<number> = new Set(Object.values(FULL));

export const CKR_SESSION_COUNT = 0xb1;
export const CKR_USER_ALREADY_LOGGED_IN = 0x100;
export const CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191;

/** The number with which the library refused; `undefined` where the error is none of the library's. */
export function cryptokiCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || error.name !== 'Pkcs11Error') return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** Whether an object that was there before is there no more. */
export function isMissingObject(error: unknown): boolean {
  const code = cryptokiCode(error);
  return code === LASTING.CKR_KEY_HANDLE_INVALID || code === LASTING.CKR_OBJECT_HANDLE_INVALID;
}

/**
 * Whether the connection is not to be trusted after this: the token or the session is gone, the login has ended,
 * or the library says nothing clear, as those of network HSMs do when they lose their server.
 */
export function isConnectionLoss(error: unknown): boolean {
  const code = cryptokiCode(error);
  return code !== undefined && !lasting.has(code) && !full.has(code);
}

/**
 * The error for a call of the library that failed: `PARSEC_KEY_INVALID` where it stays until somebody changes something, else
 * `UnavailableError`. Errors that are none of the library's come back as they are.
 * @param doing what failed, such as `log in to the token`
 */
export function cryptokiFailure(doing: string, error: unknown): unknown {
  const code = cryptokiCode(error);
  if (code === undefined) return error;
  const message = `could not ${doing} (${(error as Error).message}, 0x${code.toString(16)})`;
  if (lasting.has(code)) return new ParsecError('PARSEC_KEY_INVALID', message, { cause: error });
  return new UnavailableError(message, { cause: error });
}
