import { ParsecError } from '@parsec/plugin-sdk';

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/**
 * An ECDSA signature from DER (RFC 3279 section 2.2.3), which KMS answers, to `R || S` (RFC 7518 section 3.4).
 * Takes DER in its one canonical form only: an encoding that two parsers may read in two ways has no place in a signature.
 * @param size bytes of `R` and of `S`: 32 or 48
 * @throws ParsecError `PARSEC_KEY_INVALID`
 */
export function joseSignature(der: Uint8Array, size: 32 | 48): Uint8Array {
  // Both numbers of the longest signature take 2 * (2 + 1 + 48) bytes, so that no length has more than one byte.
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2 || der.length > 0x7f + 2) throw malformed();
  const r = readNumber(der, 2, size);
  const s = readNumber(der, r.end, size);
  if (s.end !== der.length) throw malformed();
  const signature = new Uint8Array(2 * size);
  signature.set(r.bytes, size - r.bytes.length);
  signature.set(s.bytes, 2 * size - s.bytes.length);
  return signature;
}

/** A positive INTEGER without its sign byte. */
function readNumber(der: Uint8Array, start: number, size: number): { readonly bytes: Uint8Array; readonly end: number } {
  const length = der[start + 1] ?? 0;
  const end = start + 2 + length;
  const [first = 0, second = 0] = der.subarray(start + 2, end);
  const isNegative = first >= 0x80;
  const isSignByte = first === 0 && length > 1;
  const isZero = first === 0 && length === 1;
  if (der[start] !== INTEGER || length === 0 || isNegative || isZero) throw malformed();
  if (isSignByte && second < 0x80) throw malformed();
  const bytes = der.subarray(isSignByte ? start + 3 : start + 2, end);
  if (bytes.length > size) throw malformed();
  return { bytes, end };
}

function malformed(): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', 'KMS answered with an ECDSA signature that is not well-formed');
}
