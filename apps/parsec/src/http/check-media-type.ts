import { ParsecError } from '@parsec/plugin-sdk';

/** application/x-www-form-urlencoded, by itself or saying that it is UTF-8 (RFC 6749 appendix B). */
const FORM = /^application\/x-www-form-urlencoded(?:\s*;\s*charset=(?:"utf-8"|utf-8))?\s*;?\s*$/i;

/** @throws ParsecError `PARSEC_REQUEST_MEDIA_TYPE_UNSUPPORTED` for anything but a form in UTF-8 */
export function checkMediaType(contentType: string | undefined): void {
  if (contentType === undefined || !FORM.test(contentType)) {
    throw new ParsecError('PARSEC_REQUEST_MEDIA_TYPE_UNSUPPORTED', 'the body is no form in UTF-8');
  }
}
