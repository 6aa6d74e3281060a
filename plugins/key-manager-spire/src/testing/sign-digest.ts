import { constants, createECDH, createHash, privateEncrypt, randomBytes, type KeyObject } from 'node:crypto';

const CURVES = {
  'P-256': { name: 'prime256v1', order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n },
  'P-384': {
    name: 'secp384r1',
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
} as const;
/** The DER of a DigestInfo up to the digest (RFC 8017 section 9.2). */
const SHA256_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** An ECDSA signature in DER of what is hashed already, which Node's own functions do not make (FIPS 186-5 section 6.4). */
export function signEcdsa(key: KeyObject, digest: Uint8Array): Buffer {
  const { crv, d = '' } = key.export({ format: 'jwk' });
  const { name, order } = CURVES[crv as keyof typeof CURVES];
  const once = createECDH(name);
  const point = once.generateKeys();
  const k = toBigInt(once.getPrivateKey());
  const r = toBigInt(point.subarray(1, 1 + (point.length - 1) / 2)) % order;
  const s = (inverse(k, order) * (toBigInt(digest) + r * toBigInt(Buffer.from(d, 'base64url')))) % order;
  const integers = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.of(0x30, integers.length), integers]);
}

/** An RSASSA-PKCS1-v1_5 signature of a SHA-256 digest (RFC 8017 section 8.2). */
export function signPkcs1(key: KeyObject, digest: Uint8Array): Buffer {
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([SHA256_INFO, digest]));
}

/** An RSASSA-PSS signature by a key of 2048 bits of a SHA-256 digest (RFC 8017 section 9.1.1). */
export function signPss(key: KeyObject, digest: Uint8Array, saltLength: number): Buffer {
  const salt = randomBytes(saltLength);
  const hash = sha256(Buffer.concat([Buffer.alloc(8), digest, salt]));
  const block = Buffer.concat([Buffer.alloc(256 - 32 - 2 - saltLength), Buffer.of(1), salt]);
  const mask = Buffer.concat([0, 1, 2, 3, 4, 5, 6].map((counter) => sha256(Buffer.concat([hash, Buffer.of(0, 0, 0, counter)]))));
  const masked = block.map((byte, index) => byte ^ mask[index]!);
  masked[0]! &= 0x7f;
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.concat([masked, hash, Buffer.of(0xbc)]));
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** By Fermat: the order is prime. */
function inverse(value: bigint, prime: bigint): bigint {
  let [result, base] = [1n, value];
  for (let exponent = prime - 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = (result * base) % prime;
    base = (base * base) % prime;
  }
  return result;
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const signed = bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return Buffer.concat([Buffer.of(0x02, signed.length), signed]);
}
