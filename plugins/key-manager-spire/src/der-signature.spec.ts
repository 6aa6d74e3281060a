import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { fromDer } from './der-signature.js';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const SIZE = 32;

describe('an ECDSA signature in DER', () => {
  it.each([
    ['P-256', 'sha256', 32],
    ['P-384', 'sha384', 48],
  ] as const)('becomes R || S that verifies, with %s', (namedCurve, hash, size) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    // Enough for a leading zero byte to be left out now and then.
    for (let count = 0; count < 600; count += 1) {
      const data = Buffer.from(String(count));
      const raw = fromDer(sign(hash, data, privateKey), size);
      expect(raw).toHaveLength(2 * size);
      expect(verify(hash, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw!)).toBe(true);
    }
  });

  it('of small numbers is filled up with zeros', () => {
    expect(fromDer(bytes('3006 020101 020102'), 2)).toEqual(bytes('0001 0002'));
    expect(fromDer(bytes('3007 02020080 020101'), 1)).toEqual(bytes('80 01'));
  });

  it.each([
    ['nothing', ''],
    ['no sequence', '3106 020101 020102'],
    ['a length that is too short', '3005 020101 020102'],
    ['a length that is too long', '3007 020101 020102'],
    ['a length in two bytes', '308106 020101 020102'],
    ['something behind it', '3006 020101 020102 00'],
    ['a third number', '3009 020101 020102 020103'],
    ['one number only', '3003 020101'],
    ['no integer', '3006 030101 020102'],
    ['an empty integer', '3005 0200 020102'],
    ['a negative integer', '3006 020181 020102'],
    ['a zero', '3006 020100 020102'],
    ['a zero too many', '3007 02020001 020102'],
    ['an integer beyond the end', '3006 020101 020202'],
    ['an integer that is too large', `3026 0221 01${'00'.repeat(32)} 020101`],
  ])('is refused where it has %s', (_what, hex) => {
    expect(fromDer(bytes(hex), SIZE)).toBeUndefined();
  });

  it('is read from no bytes with another result than refusal or R || S', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 140 }), (der) => {
        expect([undefined, 2 * SIZE]).toContain(fromDer(der, SIZE)?.length);
      }),
    );
  });
});
