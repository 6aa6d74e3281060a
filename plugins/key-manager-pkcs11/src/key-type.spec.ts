import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { curveTypeOf, pointToJwk, rsaToJwk } from './key-type.js';

const CURVES = [
  ['EC_P256', 'P-256', 65],
  ['EC_P384', 'P-384', 97],
  ['Ed25519', 'ed25519', 32],
] as const;

/** A public key, and its point: the end of its SPKI form. */
function sample(name: string, length: number): { jwk: JsonWebKey; point: Buffer } {
  const { publicKey } = name === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: name });
  return { jwk: publicKey.export({ format: 'jwk' }), point: publicKey.export({ format: 'der', type: 'spki' }).subarray(-length) };
}

describe.each(CURVES)('a public point of %s', (type, name, length) => {
  const { jwk, point } = sample(name, length);

  it('is read as the DER of an octet string', () => {
    expect(pointToJwk(type, Buffer.concat([Buffer.from([0x04, length]), point]))).toEqual(jwk);
  });

  it('is read bare', () => {
    expect(pointToJwk(type, point)).toEqual(jwk);
  });

  it.each([
    ['cut short', point.subarray(0, -1)],
    ['too long', Buffer.concat([point, Buffer.from([0])])],
    ['of another DER type', Buffer.concat([Buffer.from([0x03, length]), point])],
    ['empty', Buffer.alloc(0)],
  ])('is not made of one that is %s', (_fault, bytes) => {
    expect(pointToJwk(type, bytes)).toBeUndefined();
  });
});

it('a compressed point is not taken for one', () => {
  expect(pointToJwk('EC_P256', Buffer.alloc(65, 2))).toBeUndefined();
});

it.each([
  ['06082a8648ce3d030107', 3, 'EC_P256'],
  ['06052b81040022', 3, 'EC_P384'],
  ['06032b6570', 0x40, 'Ed25519'],
  ['130c656477617264733235353139', 0x40, 'Ed25519'],
  // secp256k1, P-521, Ed448, and a curve of the wrong key type
  ['06052b8104000a', 3, undefined],
  ['06052b81040023', 3, undefined],
  ['06032b6571', 0x40, undefined],
  ['06032b6570', 3, undefined],
])('the curve %s of a key of type %i is that of %s', (parameters, keyType, type) => {
  expect(curveTypeOf(keyType, Buffer.from(parameters, 'hex'))).toBe(type);
});

describe('an RSA key', () => {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const [modulus, exponent] = [Buffer.from(n, 'base64url'), Buffer.from(e, 'base64url')];

  it('is read also where its numbers have leading zeros', () => {
    const zero = Buffer.from([0]);
    const jwk = rsaToJwk(Buffer.concat([zero, modulus]), Buffer.concat([zero, exponent]));
    expect(jwk).toEqual({ kty: 'RSA', n, e });
    expect(() => createPublicKey({ key: { ...jwk }, format: 'jwk' })).not.toThrow();
  });

  it.each([
    ['of 2047 bits', Buffer.concat([Buffer.from([0x40]), modulus.subarray(1)]), exponent],
    ['of 1024 bits', modulus.subarray(128), exponent],
    ['without a modulus', Buffer.alloc(0), exponent],
    ['with the exponent 3', modulus, Buffer.from([3])],
  ])('is none of ours %s', (_fault, itsModulus, itsExponent) => {
    expect(rsaToJwk(itsModulus, itsExponent)).toBeUndefined();
  });
});
