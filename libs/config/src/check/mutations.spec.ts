import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { ConfigurationError } from '../index.js';
import { check, VALID } from '../testing/given.js';
import { everyPath, parsedValid, replaceAt } from '../testing/mutations.js';

const paths = everyPath(parsedValid());
const anything = fc.oneof(
  fc.constantFrom(
    undefined,
    null,
    '',
    'a',
    'local',
    0,
    -1,
    1e308,
    true,
    [],
    {},
    [null],
    [[]],
    [{}],
    { a: null },
    { toString: 1 },
    JSON.parse('{"then": {"a": 1}}') as object,
    '${env:A}',
    '${',
    'datasource("x")',
  ),
  fc.jsonValue(),
);
const mutation = fc.record({ path: fc.constantFrom(...paths), replacement: anything });

async function outcomeOf(yaml: string | Uint8Array): Promise<unknown> {
  return check({ yaml }).catch((error: unknown) => error);
}

describe('whatever the configuration is, it is checked or refused', () => {
  it('with other values in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        const mutated = mutations.reduce((value, { path, replacement }) => replaceAt(value, path, replacement as null), parsedValid());
        expectChecked(await outcomeOf(stringify(mutated)));
      }),
      { numRuns: 500 },
    );
  });

  it('with other characters in it', async () => {
    const signs = fc.stringMatching(/^[[\]{}:,&*!|>%@`#?'"\-\n \t$a0~<]{1,6}$/);
    await fc.assert(
      fc.asyncProperty(fc.nat(VALID.length), fc.nat(20), signs, async (start, length, text) => {
        expectChecked(await outcomeOf(VALID.slice(0, start) + text + VALID.slice(start + length)));
      }),
      { numRuns: 500 },
    );
  });

  it('made of any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        expectChecked(await outcomeOf(bytes));
      }),
    );
  });
});

function expectChecked(outcome: unknown): void {
  if (outcome instanceof ConfigurationError) expect(outcome.problems.length).toBeGreaterThan(0);
  else expect(outcome).toMatchObject({ settings: {}, instances: expect.anything() });
}
