import { describe, expect, it } from '@jest/globals';
import { check, problemsOf, VALID, validBut } from '../testing/given.js';

describe('an override', () => {
  it('of the flags beats one of the environment, which beats the file', async () => {
    const yaml = validBut('server:\n', 'server:\n  host: file.example\n  management_host: file.example\n  http_port: 1\n');
    const environment = { PARSEC__SERVER__MANAGEMENT_HOST: 'environment.example', PARSEC__SERVER__HTTP_PORT: '2' };
    const { settings } = await check({ yaml, environment, overrides: ['server.http_port=3', 'server.http_port=4'] });
    expect(settings.server).toMatchObject({ host: 'file.example', management_host: 'environment.example', http_port: 4 });
  });

  it('may make sections and replace items of a list', async () => {
    const overrides = ['observability.log_level=warn', 'authorizers.issuance.options.rules.0.when=1 == 1'];
    const { settings } = await check({ yaml: VALID, overrides });
    expect(settings.observability.log_level).toBe('warn');
    expect(settings.authorizers.get('issuance')?.options).toMatchObject({ rules: [{ when: '1 == 1' }] });
  });

  it('of a longer variable refines one of a shorter', async () => {
    const environment = { PARSEC__SERVER__LIMITS__BODY: '2KiB', PARSEC__SERVER__LIMITS: '{body: 1KiB, token: 1KiB}' };
    const { settings } = await check({ yaml: VALID, environment });
    expect(settings.server.limits).toMatchObject({ body: 2048, token: 1024 });
  });

  it.each<[string, unknown]>([
    ['9090', 9090],
    ['true', true],
    ['"9090"', '9090'],
    ["'a: b'", 'a: b'],
    ['[a, {b: 1}]', ['a', { b: 1 }]],
    ['a=b', 'a=b'],
    ['[a, b', '[a, b'],
    ['[a] # b', '[a] # b'],
    ['*a', '*a'],
    ['&a b', '&a b'],
    ['!a b', '!a b'],
    ['- a', '- a'],
    ['a: b', 'a: b'],
    ['pass #word', 'pass #word'],
    ['12345678901234567890', '12345678901234567890'],
    ['-----BEGIN KEY-----\nabc\n-----END KEY-----\n', '-----BEGIN KEY-----\nabc\n-----END KEY-----\n'],
    ['{__proto__: a}', '{__proto__: a}'],
    ['|\n a', '|\n a'],
  ])('reads %j as YAML would, or takes it as it is', async (text, value) => {
    const yaml = VALID.replace('type: memory\n', 'type: memory\n    options: {}\n');
    const error = await check({ yaml, overrides: [`key_managers.local.options.any=${text}`] }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ problems: [{ source: '--set key_managers.local.options.any', message: 'unknown key' }] });
    const { settings } = await check({ yaml, overrides: [`data_sources.user_roles.options.url=${text}`] }).catch(() => ({
      settings: undefined,
    }));
    if (typeof value === 'string') expect(settings?.data_sources.get('user_roles')?.options['url']).toBe(value);
    else expect(settings).toBeUndefined();
  });

  it('is the place of its problems, which never show its value', async () => {
    const environment = { PARSEC__SERVER__HTTP_PORT: '99999', PARSEC__SIGNERS__MAIN__KEY_MANAGER: 'locl' };
    expect(await problemsOf({ yaml: VALID, environment, overrides: ['server.htpp_port=1', 'signers.main.algorithm=ES265'] })).toEqual([
      '--set server.htpp_port server.htpp_port: unknown key; did you mean "http_port"?',
      '--set signers.main.algorithm signers.main.algorithm: wrong value; expected one of ES256, ES384, RS256, PS256, EdDSA',
      'environment PARSEC__SERVER__HTTP_PORT server.http_port: wrong value; expected at most 65535',
      'environment PARSEC__SIGNERS__MAIN__KEY_MANAGER signers.main.key_manager: there is no key manager of this name; expected one of local',
    ]);
  });

  it('without a value is a key without a value', async () => {
    expect(await problemsOf({ yaml: VALID, environment: { PARSEC__ADMIN__TOKEN: '' } })).toEqual([
      'environment PARSEC__ADMIN__TOKEN admin.token: a key without a value; give it one or leave the key out',
    ]);
  });

  it.each<[string, { environment?: Record<string, string>; overrides?: string[] }, string]>([
    ['names nothing', { environment: { PARSEC__: 'a' } }, 'environment "PARSEC__": this names no key; expected PARSEC__SECTION__KEY'],
    [
      'names a part of nothing',
      { environment: { PARSEC__A____B: 'a' } },
      'environment "PARSEC__A____B": this names no key; expected PARSEC__SECTION__KEY',
    ],
    [
      'names a prototype',
      { environment: { PARSEC__CONSTRUCTOR: 'a' } },
      'environment "PARSEC__CONSTRUCTOR": this names no key; expected PARSEC__SECTION__KEY',
    ],
    ['has no value', { overrides: ['hunter22'] }, '--set (number 1): this names no key; expected --set section.key=value'],
    [
      'has no path',
      { overrides: ['server.http_port=1', '=hunter22'] },
      '--set (number 2): this names no key; expected --set section.key=value',
    ],
    [
      'goes through a text',
      { overrides: ['trust_domain.a=hunter22'] },
      '--set trust_domain.a trust_domain.a: trust_domain has no key or item of this name',
    ],
    [
      'goes beyond a list',
      { overrides: ['token_issuers.txn_token.authorizers.1=a'] },
      '--set token_issuers.txn_token.authorizers.1 token_issuers.txn_token.authorizers.1: token_issuers.txn_token.authorizers has no key or item of this name',
    ],
  ])('that %s is a problem', async (_what, given, line) => {
    expect(await problemsOf({ yaml: VALID, ...given })).toEqual([line]);
  });

  it('that differs from another in case only is a problem', async () => {
    const environment = { PARSEC__SERVER__HOST: 'a', PARSEC__server__host: 'b' };
    expect(await problemsOf({ yaml: VALID, environment })).toEqual([
      'environment PARSEC__server__host server.host: another variable, which differs in case only, sets this key too',
    ]);
  });

  it('is none for a variable with a single underscore', async () => {
    await expect(check({ yaml: VALID, environment: { PARSEC_SERVICE_HOST: '10.0.0.1' } })).resolves.toBeDefined();
  });
});
