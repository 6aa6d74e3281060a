import { ParsecError } from '@parsec/plugin-sdk';

/**
 * What is wrong here and will not pass by waiting: `PARSEC_KEY_INVALID`.
 * @param reason a word for audit lines and metrics
 */
export function refusal(message: string, reason?: string): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', message, reason === undefined ? {} : { reason });
}
