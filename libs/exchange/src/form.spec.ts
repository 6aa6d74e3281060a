import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseForm } from './form.js';

const parse = (body: string): Record<string, string> => Object.fromEntries(parseForm(Buffer.from(body)));

describe('the form', () => {
  it('decodes plus signs, percent-encodings and UTF-8', () => {
    expect(parse('a=1+2&b=%C3%A9%2B&c=é&d=a%3Db=c')).toEqual({ a: '1 2', b: 'é+', c: 'é', d: 'a=b=c' });
  });

  it('takes an empty parameter for a missing one', () => {
    expect(parse('a=&b&=c&&d=1')).toEqual({ '': 'c', d: '1' });
  });

  it.each(['a=1&a=2', 'a=1&a=', 'a&a', 'x=1&y=2&x=1', '%61=1&a=1'])('%s repeats a parameter', (body) => {
    expect(() => parse(body)).toThrow(
      expect.objectContaining({ code: 'PARSEC_REQUEST_MALFORMED', reason: 'parameter_repeated' }) as unknown as Error,
    );
  });

  it.each(['a=%', 'a=%zz', 'a=%C3', 'a=%ff', 'a=%ed%a0%80', '%=1'])('%s is badly encoded', (body) => {
    expect(() => parse(body)).toThrow(
      expect.objectContaining({ code: 'PARSEC_REQUEST_MALFORMED', reason: 'form_malformed' }) as unknown as Error,
    );
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseForm(Uint8Array.from([0x61, 0x3d, 0xff]))).toThrow('the form cannot be read');
  });

  it('reads back whatever a client encodes', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name }), (pairs) => {
        const body = new URLSearchParams(pairs).toString();
        expect([...parseForm(Buffer.from(body))]).toEqual(pairs);
      }),
    );
  });

  it('answers any bytes with parameters or with its own refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          parseForm(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PARSEC_REQUEST_MALFORMED' });
        }
      }),
    );
  });
});
