import type { JWK, KeyType } from '@parsec/plugin-sdk';
import { CK } from './cryptoki.js';

/** What a token needs to know to make a key of a type, and what parsec needs to know to read it. */
interface Curve {
  readonly mechanism: number;
  readonly keyType: number;
  /** DER of the curve's object identifier. */
  readonly parameters: Buffer;
  readonly kty: string;
  readonly crv: string;
  /** Bytes of a public point, as it stands in CKA_EC_POINT. */
  readonly pointLength: number;
}

const CURVES: Record<Exclude<KeyType, 'RSA_2048'>, Curve> = {
  EC_P256: {
    mechanism: CK.CKM_EC_KEY_PAIR_GEN,
    keyType: CK.CKK_EC,
    parameters: Buffer.from('06082a8648ce3d030107', 'hex'),
    kty: 'EC',
    crv: 'P-256',
    pointLength: 65,
  },
  EC_P384: {
    mechanism: CK.CKM_EC_KEY_PAIR_GEN,
    keyType: CK.CKK_EC,
    parameters: Buffer.from('06052b81040022', 'hex'),
    kty: 'EC',
    crv: 'P-384',
    pointLength: 97,
  },
  Ed25519: {
    mechanism: CK.CKM_EC_EDWARDS_KEY_PAIR_GEN,
    keyType: CK.CKK_EC_EDWARDS,
    parameters: Buffer.from('06032b6570', 'hex'),
    kty: 'OKP',
    crv: 'Ed25519',
    pointLength: 32,
  },
};

/** `edwards25519` as a PrintableString, the other name that PKCS#11 3.0 has for the curve. */
const EDWARDS25519 = Buffer.from('130c656477617264733235353139', 'hex');
const RSA_BYTES = 256;
const F4 = Buffer.from([1, 0, 1]);
const OCTET_STRING = 0x04;
const UNCOMPRESSED = 0x04;

/** How a pair of a type is made: the mechanism, and the attributes of the public key beyond its name and use. */
export function generationOf(type: KeyType): { mechanism: number; attributes: { type: number; value: Buffer | number }[] } {
  if (type === 'RSA_2048') {
    return {
      mechanism: CK.CKM_RSA_PKCS_KEY_PAIR_GEN,
      attributes: [
        { type: CK.CKA_MODULUS_BITS, value: RSA_BYTES * 8 },
        { type: CK.CKA_PUBLIC_EXPONENT, value: F4 },
      ],
    };
  }
  const { mechanism, parameters } = CURVES[type];
  return { mechanism, attributes: [{ type: CK.CKA_EC_PARAMS, value: parameters }] };
}

/** @returns the type of a key on a curve; `undefined` where parsec makes none like it */
export function curveTypeOf(keyType: number, parameters: Buffer): KeyType | undefined {
  const name = keyType === CK.CKK_EC_EDWARDS && parameters.equals(EDWARDS25519) ? CURVES.Ed25519.parameters : parameters;
  return (['EC_P256', 'EC_P384', 'Ed25519'] as const).find(
    (type) => CURVES[type].keyType === keyType && CURVES[type].parameters.equals(name),
  );
}

/**
 * The public half of a key on a curve.
 * @param point CKA_EC_POINT: the DER of an octet string as the standard has it, or the bytes themselves as some libraries do
 * @returns `undefined` where it is neither
 */
export function pointToJwk(type: Exclude<KeyType, 'RSA_2048'>, point: Buffer): JWK | undefined {
  const { kty, crv, pointLength } = CURVES[type];
  const isDer = point.length === pointLength + 2 && point[0] === OCTET_STRING && point[1] === pointLength;
  const bytes = isDer ? point.subarray(2) : point;
  if (bytes.length !== pointLength) return undefined;
  if (kty === 'OKP') return { kty, crv, x: bytes.toString('base64url') };
  if (bytes[0] !== UNCOMPRESSED) return undefined;
  const half = 1 + (pointLength - 1) / 2;
  return { kty, crv, x: bytes.toString('base64url', 1, half), y: bytes.toString('base64url', half) };
}

/** @returns the public half of an RSA key; `undefined` where it is not of 2048 bits, or its exponent not 65537 */
export function rsaToJwk(modulus: Buffer, exponent: Buffer): JWK | undefined {
  const [n, e] = [withoutZeros(modulus), withoutZeros(exponent)];
  if (n.length !== RSA_BYTES || (n[0] ?? 0) < 0x80 || !e.equals(F4)) return undefined;
  return { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') };
}

function withoutZeros(number: Buffer): Buffer {
  const first = number.findIndex((byte) => byte !== 0);
  return first === -1 ? Buffer.alloc(0) : number.subarray(first);
}
