import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { joseSignature } from './ecdsa-signature.js';

const R = '0'.repeat(62) + '7f';
const S = 'f'.repeat(64);
/** 30 26 | 02 01 7f | 02 21 00 ff…ff */
const GOOD = `302602017f022100${S}`;

const convert = (hex: string, size: 32 | 48 = 32): string => Buffer.from(joseSignature(Buffer.from(hex, 'hex'), size)).toString('hex');

describe('an ECDSA signature in DER', () => {
  it.each([
    ['P-256', 'sha256', 32],
    ['P-384', 'sha384', 48],
  ] as const)('of %s verifies in the form of JWS, whatever its numbers', (namedCurve, digest, size) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        const signature = joseSignature(sign(digest, data, privateKey), size);
        return signature.length === 2 * size && verify(digest, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
      }),
    );
  });

  it('has short numbers filled up and sign bytes taken off', () => {
    expect(convert(GOOD)).toBe(R + S);
    expect(convert('3006020101020102', 48)).toBe(`${'0'.repeat(95)}1${'0'.repeat(95)}2`);
  });

  it.each([
    ['is empty', ''],
    ['is not a sequence', `312602017f022100${S}`],
    ['has a length that is not its own', `302702017f022100${S}`],
    ['has something after its sequence', `${GOOD}00`],
    ['has something within its sequence after its numbers', `302802017f022100${S}0500`],
    ['has its length in two bytes', `30812602017f022100${S}`],
    ['has a number of indefinite length', `302602807f022100${S}`],
    ['has one number only', `302302 2100${S}`.replace(' ', '')],
    ['has something else for a number', `302604017f022100${S}`],
    ['has an empty number', `30250200022100${S}`],
    ['has zero for a number', `3026020100022100${S}`],
    ['has a negative number', '3006020180020101'],
    ['has a sign byte that it does not need', `30270202007f022100${S}`],
    ['has a number that is too long', `302702017f02220100${S}`],
    ['is cut short', GOOD.slice(0, -2)],
    ['has a number that reaches beyond its end', '3006020101020201'],
  ])('that %s is refused', (_what, hex) => {
    expect(() => convert(hex)).toThrow(expect.objectContaining({ code: 'PARSEC_KEY_INVALID' }));
  });

  it('of a larger curve is refused for a smaller one', () => {
    expect(() => convert(`3066023100${'f'.repeat(96)}023100${'f'.repeat(96)}`)).toThrow('not well-formed');
  });

  it('that is any bytes whatever is converted or refused, and in the one form that it has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          return joseSignature(bytes, 32).length === 64;
        } catch (error) {
          return (error as { code?: string }).code === 'PARSEC_KEY_INVALID';
        }
      }),
    );
  });
});
