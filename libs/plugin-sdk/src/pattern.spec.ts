import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePatterns } from './pattern.js';

describe('a pattern', () => {
  it.each<[string, string, boolean]>([
    ['trade.*', 'trade.stocks', true],
    ['trade.*', 'trade', false],
    ['trade.*', 'trades.x', false],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*.b.*', 'a.b.c', true],
    ['a**b', 'ab', true],
    ['a*bc*c', 'abc', false],
    ['(a+)+$', 'aaaa', false],
    ['A', 'a', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(compilePatterns([pattern])(text)).toBe(expected);
  });

  it('means the same as the regular expression that says so', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 });
    fc.assert(
      fc.property(piece, text, (pattern, subject) => {
        const expression = new RegExp(`^${pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '.*')}$`, 's');
        expect(compilePatterns([pattern])(subject)).toBe(expression.test(subject));
      }),
      { numRuns: 2000 },
    );
  });

  it('matches nothing in an empty list', () => {
    expect(compilePatterns([])('')).toBe(false);
  });
});
