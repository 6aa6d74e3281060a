import { ParsecError } from '@parsec/plugin-sdk';

/** The parameters of a request. An empty one counts as missing and is not there. */
export type FormParameters = ReadonlyMap<string, string>;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads an `application/x-www-form-urlencoded` body (RFC 6749 appendix B).
 * Stricter than browsers are: bytes and percent-encodings must be UTF-8, and no parameter may be there twice, not even an
 * unknown or an empty one (RFC 6749 section 3.2).
 * @throws ParsecError `PARSEC_REQUEST_MALFORMED`
 */
export function parseForm(body: Uint8Array): FormParameters {
  const seen = new Set<string>();
  const parameters = new Map<string, string>();
  for (const pair of decodeBytes(body).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeComponent(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? '' : decodeComponent(pair.slice(equals + 1));
    if (seen.has(name)) throw malformed('parameter_repeated', 'A parameter is repeated.');
    seen.add(name);
    if (value !== '') parameters.set(name, value);
  }
  return parameters;
}

function decodeBytes(body: Uint8Array): string {
  try {
    return utf8.decode(body);
  } catch (error) {
    throw malformed('form_malformed', 'The form is not UTF-8.', error);
  }
}

function decodeComponent(text: string): string {
  // Tokens, the bulk of every form, have nothing to decode.
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    throw malformed('form_malformed', 'The form is not well encoded.', error);
  }
}

function malformed(reason: string, publicText: string, cause?: unknown): ParsecError {
  return new ParsecError('PARSEC_REQUEST_MALFORMED', 'the form cannot be read', { reason, publicText, cause });
}
