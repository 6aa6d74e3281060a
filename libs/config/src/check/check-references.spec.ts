import { describe, expect, it } from '@jest/globals';
import { problemsOf, validBut } from '../testing/given.js';

describe('a name that stands for nothing, or that nothing uses,', () => {
  it.each<[string, string, string, string]>([
    [
      'a dangling key manager',
      'key_manager: local',
      'key_manager: locl',
      'parsec.yaml:18:5 signers.main.key_manager: there is no key manager of this name; did you mean "local"?',
    ],
    [
      'a dangling signer',
      'signer: main',
      'signer: mian',
      'parsec.yaml:37:5 token_issuers.txn_token.signer: there is no signer of this name; did you mean "main"?',
    ],
    [
      'a dangling authorizer',
      '[issuance]',
      '[issuance, isuance]',
      'parsec.yaml:38:29 token_issuers.txn_token.authorizers.1: there is no authorizer of this name; did you mean "issuance"?',
    ],
    [
      'a dangling data source',
      'datasource("user_roles")',
      'datasource("user_role")',
      'parsec.yaml:42:11 token_issuers.txn_token.claims.tctx.1.cel: there is no data source of this name; did you mean "user_roles"?',
    ],
    [
      'a dangling trusted issuer',
      '[corp_idp]',
      '[corp_ipd, "corp_*"]',
      'parsec.yaml:32:29 authorizers.issuance.options.rules.0.trusted_issuers.0: there is no trusted issuer of this name; did you mean "corp_idp"?',
    ],
    [
      'an unused key manager',
      'key_managers:\n',
      'key_managers:\n  spare: {type: memory}\n',
      'parsec.yaml:14:3 key_managers.spare: nothing uses this key manager; leave it out',
    ],
    [
      'an unused signer',
      'signers:\n',
      'signers:\n  spare: {key_manager: local}\n',
      'parsec.yaml:17:3 signers.spare: nothing uses this signer; leave it out',
    ],
    [
      'an unused data source',
      'datasource("user_roles")',
      'subject.claims',
      'parsec.yaml:20:3 data_sources.user_roles: nothing uses this data source; leave it out',
    ],
    [
      'an unused authorizer',
      'authorizers:\n',
      'authorizers:\n  spare: {type: strange}\n',
      'parsec.yaml:27:3 authorizers.spare: nothing uses this authorizer; leave it out',
    ],
  ])('%s', async (_mistake, part, replacement, line) => {
    expect(await problemsOf({ yaml: validBut(part, replacement) })).toEqual([line]);
  });
});
