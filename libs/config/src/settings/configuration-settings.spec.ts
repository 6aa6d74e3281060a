import { describe, expect, it } from '@jest/globals';
import { problemsOf, validBut } from '../testing/given.js';

describe('a mistake in the settings', () => {
  it.each<[string, string, string, string]>([
    [
      'a missing key',
      'trust_domain: trust-domain.example\n',
      '',
      'parsec.yaml:1:1 trust_domain: missing; expected 1 to 255 visible ASCII characters without spaces',
    ],
    [
      'a trust domain with a space',
      'trust-domain.example',
      'trust domain',
      'parsec.yaml:1:1 trust_domain: wrong value; expected 1 to 255 visible ASCII characters without spaces',
    ],
    [
      'an unknown key at the top',
      'admin:',
      'tls:\n  a: b\nadmin:',
      'parsec.yaml:4:1 tls: unknown key; expected one of trust_domain, server, admin, plugins, trust_stores, key_managers, data_sources, authorizers, signers, token_issuers, observability, state',
    ],
    [
      'a key that is not built yet',
      'key_manager: local',
      'key_manager: local\n    rotation: {every: 24h}',
      'parsec.yaml:19:5 signers.main.rotation: unknown key; expected one of key_manager, algorithm',
    ],
    [
      'a key without a value',
      '  token: 0123456789abcdef',
      '  token:',
      'parsec.yaml:5:3 admin.token: a key without a value; give it one or leave the key out',
    ],
    [
      'a section without a value',
      'admin:\n  token: 0123456789abcdef',
      'admin:',
      'parsec.yaml:4:1 admin: a key without a value; give it one or leave the key out',
    ],
    [
      'a number in place of an entry',
      'corporate:\n',
      'more: 5\n  corporate:\n',
      'parsec.yaml:7:3 trust_stores.more: wrong value; expected a map',
    ],
    [
      'a list in place of an entry',
      'corporate:\n',
      'more: [{type: listed}]\n  corporate:\n',
      'parsec.yaml:7:3 trust_stores.more: wrong value; expected a map',
    ],
    [
      'a list in place of entries',
      'key_managers:\n  local:\n    type: memory\n',
      'key_managers: [{type: memory}]\n',
      'parsec.yaml:13:1 key_managers: wrong value; expected a map',
    ],
    [
      'a list in place of a map',
      'admin:\n  token: 0123456789abcdef',
      'admin: [{token: 0123456789abcdef}]',
      'parsec.yaml:4:1 admin: wrong value; expected a map',
    ],
    [
      'a short administration token',
      '0123456789abcdef',
      '0123456789abcde',
      'parsec.yaml:5:3 admin.token: wrong value; expected at least 16 characters',
    ],
    [
      'a number in place of a text',
      '0123456789abcdef',
      '1234567890123456',
      'parsec.yaml:5:3 admin.token: wrong value; expected a text, at least 16 characters',
    ],
    [
      'an instance name in capitals',
      'corporate:',
      'Corporate:',
      'parsec.yaml:7:3 trust_stores.Corporate: not a name; expected at most 63 of a-z, 0-9 and _, beginning with a letter and without "__"',
    ],
    [
      'an algorithm that is none',
      'key_manager: local',
      'key_manager: local\n    algorithm: ES265',
      'parsec.yaml:19:5 signers.main.algorithm: wrong value; expected one of ES256, ES384, RS256, PS256, EdDSA; did you mean "ES256"?',
    ],
    [
      'a timeout beyond the range',
      'type: http',
      'type: http\n    timeout: 31s',
      'parsec.yaml:22:5 data_sources.user_roles.timeout: wrong value; expected a duration such as 500ms, 30s, 5m or 24h (at least 1ms, at most 30s)',
    ],
    [
      'a level of the log that is none',
      'admin:',
      'observability: {log_level: warning}\nadmin:',
      'parsec.yaml:4:17 observability.log_level: wrong value; expected one of debug, info, warn, error; did you mean "warn"?',
    ],
    [
      'a state that is not built',
      'admin:',
      'state: {type: redis}\nadmin:',
      'parsec.yaml:4:9 state.type: wrong value; expected one of memory',
    ],
  ])('%s', async (_mistake, part, replacement, line) => {
    expect(await problemsOf({ yaml: validBut(part, replacement) })).toEqual([line]);
  });
});
