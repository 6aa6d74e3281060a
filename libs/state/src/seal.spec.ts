import { expect, it } from '@jest/globals';
import { Seal } from './seal.js';

const SECRET = 'x'.repeat(32);
const seal = new Seal(SECRET, 'test');
const PLACE = ['trust-domain.example', 'main', 'document:ring'];
const closed = seal.close(PLACE, '{"a":1}');

it('what was sealed opens with the same secret, at the same place', () => {
  expect(new Seal(SECRET, 'test').open(PLACE, closed)).toBe('{"a":1}');
});

it.each([
  ['with another secret', () => new Seal('y'.repeat(32), 'test').open(PLACE, closed)],
  ['for another purpose', () => new Seal(SECRET, 'other').open(PLACE, closed)],
  ['at another place', () => seal.open(['trust-domain.example', 'other', 'document:ring'], closed)],
  ['where places only read alike', () => seal.open(['trust-domain.example', 'main"', 'document:ring'], closed)],
  ['with another text', () => seal.open(PLACE, closed.replace('1', '2'))],
  ['without a seal', () => seal.open(PLACE, '{"a":1}')],
  ['with an empty seal', () => seal.open(PLACE, '.{"a":1}')],
  ['of nothing', () => seal.open(PLACE, '')],
])('nothing opens %s', (_what, open) => {
  expect(open()).toBeUndefined();
});
