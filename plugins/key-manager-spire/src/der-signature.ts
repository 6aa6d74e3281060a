const SEQUENCE = 0x30;
const INTEGER = 0x02;

/**
 * Reads an ECDSA signature in DER (RFC 3279 section 2.2.3), strictly: one encoding for each signature.
 * @param size bytes of a coordinate
 * @returns `R || S` (RFC 7518 section 3.4), or `undefined` where it is no such signature
 */
export function fromDer(der: Uint8Array, size: number): Uint8Array | undefined {
  // Both curves stay below 128 bytes, so that every length is one byte.
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2 || der.length > 127) return undefined;
  const r = readInteger(der, 2, size);
  const s = r && readInteger(der, r.end, size);
  return s?.end === der.length ? Buffer.concat([r!.bytes, s.bytes]) : undefined;
}

function readInteger(der: Uint8Array, at: number, size: number): { bytes: Uint8Array; end: number } | undefined {
  const end = at + 2 + (der[at + 1] ?? 0);
  if (der[at] !== INTEGER || end > der.length) return undefined;
  const [first = 0x80, second = 0] = der.subarray(at + 2, end);
  const isNegative = first >= 0x80;
  const isPadded = first === 0 && second < 0x80;
  const digits = der.subarray(first === 0 ? at + 3 : at + 2, end);
  if (isNegative || isPadded || digits.length > size) return undefined;
  const bytes = Buffer.alloc(size);
  bytes.set(digits, size - digits.length);
  return { bytes, end };
}
