import { describe, expect, it } from '@jest/globals';
import { problemsOf, validBut } from '../testing/given.js';

describe('what YAML allows and parsec does not', () => {
  it.each<[string, string, string, string]>([
    [
      'a name that reaches a prototype',
      'url: https',
      '__proto__: {url: x}\n      url: https',
      'parsec.yaml:23:7 data_sources.user_roles.options.__proto__: no key can have this name',
    ],
    [
      'a merge key',
      'url: https',
      '<<: {url: x}\n      url: https',
      'parsec.yaml:23:7 data_sources.user_roles.options["<<"]: merge keys are not supported; write the keys out',
    ],
    [
      'an alias',
      'signer: main',
      'signer: *main',
      'parsec.yaml:37:5 token_issuers.txn_token.signer: anchors (&) and aliases (*) are not supported; write the value out, or put it in quotation marks',
    ],
    [
      'an anchor',
      'signer: main',
      'signer: &a main',
      'parsec.yaml:37:5 token_issuers.txn_token.signer: anchors (&) and aliases (*) are not supported; write the value out, or put it in quotation marks',
    ],
    [
      'a key that is a number',
      'server:\n',
      'server:\n  1: a\n',
      'parsec.yaml:3:3 server["?"]: a key that is not a text; expected a word, or a text in quotation marks',
    ],
    [
      'a number that cannot be held',
      'server:\n',
      'server:\n  http_port: 99999999999999999999\n',
      'parsec.yaml:3:3 server.http_port: a number that cannot be held exactly; put it in quotation marks if it is meant as a text',
    ],
    [
      'a key that could steer a terminal',
      'server:\n',
      'server:\n  "\\e[2J": a\n',
      'parsec.yaml:3:3 server["\\u001b[2J"]: unknown key; expected one of issuer, host, http_port, management_host, management_port, client_authentication, limits',
    ],
  ])('%s', async (_mistake, part, replacement, line) => {
    expect(await problemsOf({ yaml: validBut(part, replacement) })).toEqual([line]);
  });
});
