import { describe, expect, it } from '@jest/globals';
import { problemsOf, validBut } from '../testing/given.js';

describe('a mistake in a token issuer', () => {
  it.each<[string, string, string, string]>([
    [
      'no authorizer',
      '[issuance]',
      '[]',
      'parsec.yaml:38:5 token_issuers.txn_token.authorizers: wrong value; expected a list of at least one authorizer: without any, nothing would decide who gets this token',
    ],
    [
      'an authorizer twice',
      '[issuance]',
      '[issuance, issuance]',
      'parsec.yaml:38:5 token_issuers.txn_token.authorizers: wrong value; expected no element twice',
    ],
    [
      'a kind of token that is none',
      'type: txn_token',
      'type: txn_tokn',
      'parsec.yaml:35:5 token_issuers.txn_token.type: wrong value; expected one of txn_token; did you mean "txn_token"?',
    ],
    [
      'a token type that is no URI',
      'urn:ietf:params:oauth:token-type:txn_token',
      'txn',
      'parsec.yaml:36:5 token_issuers.txn_token.token_type: wrong value; expected a URI of at most 255 characters',
    ],
    [
      'a life that is too long',
      'signer: main',
      'signer: main\n    ttl: 901s',
      'parsec.yaml:38:5 token_issuers.txn_token.ttl: wrong value; expected at most 15m, or allow_long_ttl: true beside it',
    ],
    [
      'a mapping that says two things',
      'details: true',
      'details: true\n          context: true',
      'parsec.yaml:41:11 token_issuers.txn_token.claims.tctx.0: wrong value; expected exactly one of details, context, cel',
    ],
    [
      'a mapping that says nothing',
      '- details: true',
      '- {}',
      'parsec.yaml:41:11 token_issuers.txn_token.claims.tctx.0: wrong value; expected exactly one of details, context, cel',
    ],
    [
      'a mapping that says no',
      'details: true',
      'details: false',
      'parsec.yaml:41:11 token_issuers.txn_token.claims.tctx.0.details: wrong value; expected true',
    ],
    [
      'an expression with an unknown name',
      'datasource("user_roles").roles',
      'datasource("user_roles").roles + subjekt.sub',
      'parsec.yaml:42:11 token_issuers.txn_token.claims.tctx.1.cel: wrong value; expected a CEL expression: "subjekt" is unknown; there are subject, requester, actor, request, now',
    ],
    [
      'mappings that clash',
      '- context: true',
      `- cel: '{"a": 1}'\n        - cel: '{"a": 2}'`,
      'parsec.yaml:45:11 token_issuers.txn_token.claims.rctx.1: "a" is computed by mapping 1 of this claim already',
    ],
  ])('%s', async (_mistake, part, replacement, line) => {
    expect(await problemsOf({ yaml: validBut(part, replacement) })).toEqual([line]);
  });
});
