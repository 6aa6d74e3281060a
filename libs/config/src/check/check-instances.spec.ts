import { describe, expect, it } from '@jest/globals';
import { problemsOf, validBut } from '../testing/given.js';

describe('a mistake in an instance', () => {
  it.each<[string, string, string, string]>([
    [
      'an unknown type',
      'type: listed',
      'type: lsited',
      'parsec.yaml:8:5 trust_stores.corporate.type: unknown type; expected one of discovered, listed; did you mean "listed"?',
    ],
    [
      'a type of another kind',
      'type: memory',
      'type: http',
      'parsec.yaml:15:5 key_managers.local.type: unknown type; expected one of memory',
    ],
    [
      'an unknown key of options',
      'url: https',
      'ur: 1\n      url: https',
      'parsec.yaml:23:7 data_sources.user_roles.options.ur: unknown key; did you mean "url"?',
    ],
    [
      'an unknown key within options',
      'password:',
      'pasword: 1\n        password:',
      'parsec.yaml:25:9 data_sources.user_roles.options.credentials.pasword: unknown key; did you mean "password"?',
    ],
    [
      'options for a plugin that has none',
      'type: memory',
      'type: memory\n    options: {directory: x}',
      'parsec.yaml:16:15 key_managers.local.options.directory: unknown key; expected no keys',
    ],
    [
      'options without a value',
      'type: memory',
      'type: memory\n    options:',
      'parsec.yaml:16:5 key_managers.local.options: a key without a value; give it one or leave the key out',
    ],
    [
      'options that are no map',
      'type: memory',
      'type: memory\n    options: []',
      'parsec.yaml:16:5 key_managers.local.options: wrong value; expected a map',
    ],
    [
      'a wrong entry of a map in options',
      'issuer: https://idp.example.com',
      'issuer: ""',
      'parsec.yaml:12:11 trust_stores.corporate.options.issuers.corp_idp.issuer: wrong value; expected something that is not empty',
    ],
    [
      'a wrong element in options',
      'issuer: https://idp.example.com',
      'issuer: https://idp.example.com\n          accept_as: [actor]',
      'parsec.yaml:13:11 trust_stores.corporate.options.issuers.corp_idp.accept_as: wrong value; expected each element to be one of subject, requester',
    ],
    [
      'a wrong expression in options',
      'requester.sub ==',
      'requestr.sub ==',
      'parsec.yaml:31:11 authorizers.issuance.options.rules.0.when: wrong value; expected a CEL expression: "requestr" is unknown; there are subject, requester, actor, request, now',
    ],
    [
      'a map in place of a list in options',
      `        - when: requester.sub == "gateway"\n          trusted_issuers: [corp_idp]`,
      `        when: requester.sub == "gateway"`,
      'parsec.yaml:30:7 authorizers.issuance.options.rules: wrong value; expected a list',
    ],
    [
      'a list in place of a map in options',
      'credentials:\n        password: open sesame',
      'credentials: [{password: open sesame}]',
      'parsec.yaml:24:7 data_sources.user_roles.options.credentials: wrong value; expected a map',
    ],
    [
      'an entry that class-transformer would drop',
      'corp_idp:\n',
      'get:\n',
      'parsec.yaml:11:9 trust_stores.corporate.options.issuers.get: no entry can have this name',
    ],
    [
      'a key that class-transformer would drop',
      'url: https',
      'toString: 1\n      url: https',
      'parsec.yaml:23:7 data_sources.user_roles.options.toString: unknown key; expected one of url, credentials',
    ],
  ])('%s', async (_mistake, part, replacement, line) => {
    expect(await problemsOf({ yaml: validBut(part, replacement) })).toEqual([line]);
  });
});
