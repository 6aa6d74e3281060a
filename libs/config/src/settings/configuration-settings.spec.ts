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
      'parsec.yaml:4:1 tls: unknown key; expected one of trust_domain, server, admin, plugins, trust_stores, key_managers, data_sources, authorizers, signers, token_issuers, observability, outgoing, replay, state',
    ],
    [
      'a key that is not built yet',
      'key_manager: local',
      'key_manager: local\n    key_size: 2048',
      'parsec.yaml:19:5 signers.main.key_size: unknown key; expected one of key_manager, previous_key_manager, algorithm, rotation, shared_keys',
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
      'a state that there is not',
      'admin:',
      'state: {type: postgres}\nadmin:',
      'parsec.yaml:4:9 state.type: wrong value; expected one of memory, redis',
    ],
    [
      'a shared state without a secret',
      'admin:',
      'state: {type: redis, url: "redis://127.0.0.1"}\nadmin:',
      'parsec.yaml:4:1 state.secret: missing; expected a value, as state.type is redis',
    ],
    [
      'a shared state without a place',
      'admin:',
      `state: {type: redis, secret: ${'x'.repeat(32)}}\nadmin:`,
      'parsec.yaml:4:1 state.url: missing; expected a value, as state.type is redis',
    ],
    [
      'a secret that is easily guessed',
      'admin:',
      'state: {type: redis, url: "redis://127.0.0.1", secret: short}\nadmin:',
      'parsec.yaml:4:48 state.secret: wrong value; expected at least 32 characters',
    ],
    [
      'a place that is no Redis',
      'admin:',
      `state: {type: redis, url: "https://127.0.0.1", secret: ${'x'.repeat(32)}}\nadmin:`,
      'parsec.yaml:4:22 state.url: wrong value; expected the URL of a Redis server, such as redis://127.0.0.1:6379 or rediss://redis.example:6380',
    ],
    [
      'a database by number, which Redis may refuse',
      'admin:',
      `state: {type: redis, url: "redis://127.0.0.1:6379/1", secret: ${'x'.repeat(32)}}\nadmin:`,
      'parsec.yaml:4:22 state.url: wrong value; expected the URL of a Redis server, such as redis://127.0.0.1:6379 or rediss://redis.example:6380',
    ],
    [
      'a directory for what is in Redis',
      'admin:',
      `state: {type: redis, url: "redis://127.0.0.1", secret: ${'x'.repeat(32)}, directory: here}\nadmin:`,
      'parsec.yaml:4:90 state.directory: this needs state.type: memory; expected one of type, url, username, password, secret, replica, replica_timeout',
    ],
    [
      'a place of a shared state that is not shared',
      'admin:',
      'state: {url: "redis://127.0.0.1"}\nadmin:',
      'parsec.yaml:4:9 state.url: this needs state.type: redis; expected one of type, directory',
    ],
    [
      'keys that nobody shares',
      'key_manager: local',
      'key_manager: local\n    shared_keys: true',
      'parsec.yaml:19:5 signers.main.shared_keys: wrong value; expected no shared keys, or state.type: redis, over which replicas agree on them',
    ],
    [
      'a rotation that is too slow for itself',
      'key_manager: local',
      'key_manager: local\n    rotation: {every: 10m, publish_ahead: 10m}',
      'parsec.yaml:19:28 signers.main.rotation.publish_ahead: wrong value; expected less than rotation.every',
    ],
    [
      'a rotation in less than no time',
      'key_manager: local',
      'key_manager: local\n    rotation: {every: 1s}',
      'parsec.yaml:19:16 signers.main.rotation.every: wrong value; expected a duration such as 500ms, 30s, 5m or 24h (at least 2s)',
    ],
    [
      'a former key manager that is the present one',
      'key_manager: local',
      'key_manager: local\n    previous_key_manager: local',
      'parsec.yaml:19:5 signers.main.previous_key_manager: wrong value; expected another key manager than key_manager',
    ],
    [
      'a former key manager that there is not',
      'key_manager: local',
      'key_manager: local\n    previous_key_manager: older',
      'parsec.yaml:19:5 signers.main.previous_key_manager: there is no key manager of this name; expected one of local',
    ],
  ])('%s', async (_mistake, part, replacement, line) => {
    expect(await problemsOf({ yaml: validBut(part, replacement) })).toEqual([line]);
  });
});
