import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from './json.js';
import { findCredential } from './find-credential.js';

const part = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const jws = `${part({ alg: 'ES256' })}.${part({ sub: 'a' })}.c2lnbmF0dXJl`;
const jwe = `${part({ alg: 'dir', enc: 'A128GCM' })}..aXY.Y2lwaGVy.dGFn`;

describe('a credential', () => {
  it.each<[string, JsonValue, string]>([
    ['a JWS', { a: jws }, 'a'],
    ['a JWE', { a: [1, { b: jwe }] }, 'a[1].b'],
    ['a JWS behind a scheme', { a: `Bearer ${jws}` }, 'a'],
    ['a JWS within a URL', { a: `https://x.example/?t=${jws}&x=1` }, 'a'],
    ['a JWS glued to other letters', { a: `xyz${jws}` }, 'a'],
    ['a JWS glued to many beginnings', { a: `${'eyJ'.repeat(5000)}${jws}` }, 'a'],
    ['a JWS with padding', { a: `${part('{"alg":"HS256" }')}==.e30=.AA==` }, 'a'],
    ['a JWS after other dotted parts', { a: `x.y.${jws}` }, 'a'],
    ['a JWS whose header has white space', { a: `${part(' { "alg" : "none" }')}.e30.` }, 'a'],
    ['a JWS without signature', { a: `${part({ alg: 'none' })}.${part({})}.` }, 'a'],
    ['a JWS with a prototype name in its header', { a: `${part('{"alg":"HS256","__proto__":1}')}.e30.AA` }, 'a'],
    ['a member named like a JWS', { a: { [jws]: 1 } }, "a.(a member's name)"],
    ['a JWS in JSON form', { a: { payload: 'e30', protected: 'e30', signature: 'AA' } }, 'a'],
    ['a JWS in JSON form as a text', { a: '{"payload":"e30","signatures":[]}' }, 'a'],
    ['a flattened JWS with an unprotected header', { a: { payload: 'e30', header: { alg: 'ES256' }, signature: 'AA' } }, 'a'],
    ['a JWE for several recipients', { a: { ciphertext: 'e30', recipients: [], protected: 'e30' } }, 'a'],
    ['two tokens, the second one whole', { a: `eyJhbGciOiJub25lIn0.cut ${jws}` }, 'a'],
    ['a JWE in JSON form as a text', { a: ' {"ciphertext":"e30","iv":"AA","tag":"AA"}' }, 'a'],
  ])('is found: %s', (_name, value, place) => {
    expect(findCredential(value)).toBe(place);
  });

  it.each<[string, JsonValue]>([
    ['host names', { a: 'apigateway.trust-domain.example.com' }],
    ['addresses and versions', { a: '2001:db8::1', b: '10.0.0.1', c: '1.2.3-rc.4+build' }],
    ['sentences', { a: 'This is a sentence. It has dots. Three of them.' }],
    ['base64url that is no header', { a: 'aGVsbG8gd29ybGQ.aGVsbG8.aGVsbG8' }],
    ['plain objects', { payload: 'x', ciphertext: 'y' }],
    ['numbers and nothing', [1, null, true, '']],
  ])('is not seen in %s', (_name, value) => {
    expect(findCredential(value)).toBeUndefined();
  });

  it('of this request is found in whatever form it has', () => {
    expect(findCredential({ a: { b: 'say opaque-credential-of-this-request aloud' } }, ['opaque-credential-of-this-request'])).toBe('a.b');
  });
});
