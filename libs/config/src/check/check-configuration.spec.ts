import { describe, expect, it } from '@jest/globals';
import { ConfigurationSettings } from '../index.js';
import { check, problemsOf, VALID, validBut } from '../testing/given.js';

describe('a valid configuration', () => {
  it('is the settings with every default', async () => {
    const { settings } = await check({ yaml: VALID });
    expect(settings).toBeInstanceOf(ConfigurationSettings);
    expect(settings.server).toEqual({
      issuer: 'https://tts.trust-domain.example',
      host: '127.0.0.1',
      http_port: 8080,
      management_host: '127.0.0.1',
      management_port: 9091,
      client_authentication: ['jwt_bearer'],
      limits: {
        body: 65_536,
        headers: 16_384,
        json_depth: 32,
        token: 8192,
        header_timeout: 10_000,
        request_timeout: 30_000,
        keep_alive: 65_000,
        drain: 20_000,
      },
    });
    expect(settings.data_sources.get('user_roles')).toMatchObject({ required: true, timeout: 500 });
    expect(settings.signers.get('main')).toMatchObject({
      key_manager: 'local',
      algorithm: 'ES256',
      rotation: { every: 86_400_000 },
      shared_keys: false,
    });
    expect(settings.token_issuers.get('txn_token')).toMatchObject({ ttl: 120_000, allow_long_ttl: false, include_issuer: false });
    expect(settings.observability.log_level).toBe('info');
    expect(settings.state.type).toBe('memory');
    expect(settings.plugins).toEqual([]);
  });

  it('lists the instances in the order of opening, with checked options', async () => {
    const { instances } = await check({ yaml: VALID });
    expect(instances.map(({ name, definition }) => `${definition.kind} ${definition.type} ${name}`)).toEqual([
      'trust_store listed corporate',
      'key_manager memory local',
      'data_source http user_roles',
      'authorizer rules issuance',
    ]);
    for (const { definition, options } of instances) expect(options).toBeInstanceOf(definition.options);
  });

  it('cannot be changed', async () => {
    const { settings } = await check({ yaml: VALID });
    expect(Object.isFrozen(settings.server.limits)).toBe(true);
    expect(Object.isFrozen(settings.token_issuers.get('txn_token')?.claims.tctx)).toBe(true);
  });

  it('may call an instance what a method of a map is called', async () => {
    const yaml = VALID.replaceAll('user_roles', 'keys')
      .replaceAll('issuance', 'get')
      .replaceAll(/\bmain\b/g, 'size');
    const { settings } = await check({ yaml });
    expect([...settings.data_sources.keys(), ...settings.authorizers.keys(), ...settings.signers.keys()]).toEqual(['keys', 'get', 'size']);
  });

  it.each([
    ['http://localhost:8080'],
    ['http://127.0.0.1:8080'],
    ['http://[::1]:8080'],
    ['https://tts.example/tenant/a'],
    ['https://tts.example:8443'],
  ])('may have the issuer %s', async (issuer) => {
    const { settings } = await check({ yaml: validBut('https://tts.trust-domain.example', issuer) });
    expect(settings.server.issuer).toBe(issuer);
  });
});

describe('many mistakes', () => {
  it('are all told at once, from top to bottom', async () => {
    expect(await problemsOf({ yaml: 'server: {http_port: 0}\nsigners: {a: {key_manager: b}}\nfoo: 1' })).toEqual([
      'parsec.yaml:1:1 key_managers: missing; expected at least one key manager',
      'parsec.yaml:1:1 server.issuer: missing; expected an https URL (http only on a loopback host) in lower case, without user, query, fragment, default port or trailing slash',
      'parsec.yaml:1:1 token_issuers: missing; expected at least one token issuer',
      'parsec.yaml:1:1 trust_domain: missing; expected 1 to 255 visible ASCII characters without spaces',
      'parsec.yaml:1:1 trust_stores: missing; expected at least one trust store',
      'parsec.yaml:1:10 server.http_port: wrong value; expected at least 1',
      'parsec.yaml:2:11 signers.a: nothing uses this signer; leave it out',
      'parsec.yaml:2:15 signers.a.key_manager: there is no key manager of this name; expected a key of key_managers, which has none',
      'parsec.yaml:3:1 foo: unknown key; expected one of trust_domain, server, admin, plugins, trust_stores, key_managers, data_sources, authorizers, signers, token_issuers, observability, outgoing, replay, state',
    ]);
  });

  it('do not make unused what they hide', async () => {
    expect(await problemsOf({ yaml: validBut("cel: '{", "cel: '[") })).toEqual([
      expect.stringContaining('parsec.yaml:42:11 token_issuers.txn_token.claims.tctx.1.cel: wrong value; expected a CEL expression'),
    ]);
  });
});

describe('trusted issuers', () => {
  const second = 'issuer: https://idp.example.com\n          namespace: corp\n        other:\n          issuer: ';

  it('that clash are found across trust stores', async () => {
    const stores =
      'trust_stores:\n  more:\n    type: listed\n    options: {issuers: {corp_idp: {issuer: "https://idp.example.com", namespace: more}}}\n';
    expect(await problemsOf({ yaml: validBut('trust_stores:\n', stores) })).toEqual([
      'parsec.yaml:14:9 trust_stores.corporate.options.issuers.corp_idp.name: the trusted issuer "corp_idp" has the same name already',
      'parsec.yaml:14:9 trust_stores.corporate.options.issuers.corp_idp.namespace: a namespace is required, because "corp_idp" can assert subjects too',
      'parsec.yaml:14:9 trust_stores.corporate.options.issuers.corp_idp.namespace: a namespace is required, because "corp_idp" can assert requesters too',
      'parsec.yaml:15:11 trust_stores.corporate.options.issuers.corp_idp.issuer: the trusted issuer "corp_idp" has the same issuer already',
    ]);
  });

  it('that need a namespace are found', async () => {
    expect(await problemsOf({ yaml: validBut('issuer: https://idp.example.com', `${second}https://other.example.com`) })).toEqual([
      'parsec.yaml:14:9 trust_stores.corporate.options.issuers.other.namespace: a namespace is required, because "corp_idp" can assert subjects too',
      'parsec.yaml:14:9 trust_stores.corporate.options.issuers.other.namespace: a namespace is required, because "corp_idp" can assert requesters too',
    ]);
  });

  it('may have any name where a trust store tells them only while running', async () => {
    const yaml = validBut('trust_stores:\n', 'trust_stores:\n  more: {type: discovered}\n').replace('[corp_idp]', '[somebody]');
    await expect(check({ yaml })).resolves.toBeDefined();
  });
});

describe('plugins that could not be loaded', () => {
  it('are problems at their entries', async () => {
    const yaml = `plugins:\n  - ./a\n  - ./b\n${VALID}`;
    expect(await problemsOf({ yaml, pluginProblems: [{ index: 1, message: '"./b" cannot be loaded: why' }] })).toEqual([
      'parsec.yaml:3:5 plugins.1: "./b" cannot be loaded: why',
    ]);
  });
});
