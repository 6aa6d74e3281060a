import { KEY_ID } from '@parsec/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { fromSpireId, toSpireId } from './key-id.js';

const identifiers = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}\.[a-z0-9-]{1,40}$/);

describe('the name of a key at a plugin', () => {
  it('has letters, digits and hyphens only, and leads back to its identifier', () => {
    fc.assert(
      fc.property(identifiers, (id) => {
        expect(toSpireId(id)).toMatch(/^[a-z0-9-]+$/);
        expect(fromSpireId(toSpireId(id))).toBe(id);
      }),
    );
  });

  it('is that of one key alone', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/), (name) => {
        const id = fromSpireId(name);
        expect(id === undefined || (KEY_ID.test(id) && toSpireId(id) === name)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['main_2.0192-dd', 'main-u2-d0192-dd'],
    ['a_.-d', 'a-u-d-d'],
  ])('for %s is %s', (id, name) => expect(toSpireId(id)).toBe(name));

  it.each(['', 'x509-CA-A', 'main', 'main.1', 'main-x1', '-dmain', '1main-d1', `main-d${'1'.repeat(65)}`])(
    'of somebody else is none of parsec: %j',
    (name) => expect(fromSpireId(name)).toBeUndefined(),
  );
});
