import { describe, expect, it } from '@jest/globals';
import { KEY_ID } from '@parsec/plugin-sdk';
import fc from 'fast-check';
import { aliasOf, idOf } from './alias.js';

describe('the alias of a key', () => {
  it('is the prefix, the name of the signer and the rest, as steps', () => {
    expect(aliasOf('parsec/prod', 'main.0192f0c0-0000-7000')).toBe('alias/parsec/prod/main/0192f0c0-0000-7000');
  });

  it('leads back to the identifier, and has no character that KMS refuses', () => {
    fc.assert(
      fc.property(fc.stringMatching(KEY_ID), fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}(\/[a-zA-Z0-9_-]{1,20})?$/), (id, prefix) => {
        const alias = aliasOf(prefix, id);
        return /^alias\/[a-zA-Z0-9/_-]+$/.test(alias) && idOf(prefix, alias) === id;
      }),
    );
  });

  it.each([
    'alias/parsec',
    'alias/parsec/main',
    'alias/parsec/main/',
    'alias/parsec/main/1/2',
    'alias/parsec/Main/1',
    'alias/parsec2/main/1',
    'parsec/main/1',
  ])('is not %s', (alias) => {
    expect(idOf('parsec', alias)).toBeUndefined();
  });
});
