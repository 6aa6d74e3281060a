import { constants, createECDH, createHash, privateEncrypt, randomBytes, type KeyObject } from 'node:crypto';

/** Signs what is hashed already, which `node:crypto` has no function for. The signature is in the form of KMS: DER for ECDSA. */
export function signDigest(key: KeyObject, algorithm: string, digest: Buffer): Buffer {
  switch (algorithm) {
    case 'ECDSA_SHA_256':
      return ecdsa(key, 'prime256v1', P256_ORDER, digest);
    case 'ECDSA_SHA_384':
      return ecdsa(key, 'secp384r1', P384_ORDER, digest);
    case 'RSASSA_PKCS1_V1_5_SHA_256':
      return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([SHA256_DIGEST_INFO, digest]));
    case 'RSASSA_PSS_SHA_256':
      return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encodePss(digest));
    default:
      throw new Error(`no such algorithm: ${algorithm}`);
  }
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P384_ORDER = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
/** RFC 8017 section 9.2, note 1. */
const SHA256_DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');
const RSA_BYTES = 256;
const SALT_BYTES = 32;

/** FIPS 186-5 section 6.4.1; the generator times `k` comes from Diffie-Hellman. */
function ecdsa(key: KeyObject, curve: string, order: bigint, digest: Buffer): Buffer {
  const ecdh = createECDH(curve);
  const point = ecdh.generateKeys();
  const k = number(ecdh.getPrivateKey());
  const r = number(point.subarray(1, 1 + (point.length - 1) / 2)) % order;
  const d = number(Buffer.from(String(key.export({ format: 'jwk' }).d), 'base64url'));
  const s = (inverse(k, order) * ((number(digest) + r * d) % order)) % order;
  return sequence(integer(r), integer(s));
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [result, base] = [1n, value];
  // Fermat: the order is prime.
  for (let exponent = modulus - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent % 2n === 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

/** RFC 8017 section 9.1.1, for SHA-256 and a key of 2048 bits. */
function encodePss(digest: Buffer): Buffer {
  const salt = randomBytes(SALT_BYTES);
  const h = createHash('sha256').update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const block = Buffer.alloc(RSA_BYTES - h.length - 1);
  block[block.length - SALT_BYTES - 1] = 1;
  salt.copy(block, block.length - SALT_BYTES);
  const masked = block.map((byte, index) => byte ^ (mask(h, Math.floor(index / 32))[index % 32] ?? 0));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  return Buffer.concat([masked, h, Buffer.from([0xbc])]);
}

/** One block of MGF1 (RFC 8017 section B.2.1). */
function mask(seed: Buffer, counter: number): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(counter);
  return createHash('sha256').update(seed).update(count).digest();
}

function number(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
}
