import { ParsecError, UnavailableError } from '@parsec/plugin-sdk';

/** Conditions that pass without anybody touching the key directory. */
const PASSING: ReadonlySet<string> = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'ESTALE', 'ETIMEDOUT']);

/** The code of a failed system call, such as `ENOSPC`; `undefined` for any other error. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** What is wrong with a file or directory, by its path and never by its content: `PARSEC_KEY_INVALID`. */
export function fileRefusal(path: string, problem: string, cause?: unknown): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', `${path} ${problem}`, { cause });
}

/** The error for a system call that failed: `UnavailableError` where it may work later, else `PARSEC_KEY_INVALID`. */
export function fileFailure(path: string, doing: string, error: unknown): ParsecError {
  if (error instanceof ParsecError) return error;
  const code = systemCode(error);
  const problem = `could not be ${doing}${code === undefined ? '' : ` (${code})`}`;
  if (code !== undefined && PASSING.has(code)) return new UnavailableError(`${path} ${problem}`, { cause: error });
  return fileRefusal(path, problem, error);
}
