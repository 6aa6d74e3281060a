import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  DEMO_API,
  DEMO_GATEWAY,
  DEMO_WORKLOADS_ISSUER,
  exchangeForm,
  signIn,
  startDemoIdentityProvider,
  type DemoIdentityProvider,
} from '@parsec/quickstart';
import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { Lab, seconds } from '../support/lab.js';
import { startParsec, type ParsecServer } from '../support/parsec-server.js';

const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';

/** A real OpenID provider issues; the built program exchanges; anyone verifies. */
describe('an exchange', () => {
  let parsec: ParsecServer;
  let idp: DemoIdentityProvider;
  const audience = { url: '' };

  beforeAll(async () => {
    const lab = await Lab.open();
    idp = await startDemoIdentityProvider({ audience: 'unused' });
    parsec = await startParsec((url) => {
      audience.url = url;
      const configuration = lab.configuration(url);
      configuration['trust_stores'] = {
        demo: {
          type: 'static',
          options: {
            issuers: {
              idp: {
                issuer: idp.url,
                jwks_uri: `${idp.url}/jwks`,
                accept_as: ['subject'],
                token_types: ['urn:ietf:params:oauth:token-type:access_token', ID_TOKEN],
                audiences: [DEMO_API, 'demo-app'],
                namespace: 'corp',
                scope: { map: { 'orders.read': ['trade.view'], 'orders.write': ['trade.stocks', 'trade.bonds'] } },
                claims: { allow: ['email'] },
              },
              workloads: { issuer: DEMO_WORKLOADS_ISSUER, jwks_uri: `${idp.url}/workload/jwks.json`, accept_as: ['requester'] },
            },
          },
        },
      };
      return configuration;
    });
  });

  afterAll(async () => {
    expect(await parsec.stop()).toBe(0);
    await idp.close();
  });

  const assertion = (): Promise<string> => idp.workloads.assertion(audience.url);

  async function exchange(changes: Record<string, string> = {}, scopes = 'orders.read orders.write'): ReturnType<ParsecServer['post']> {
    const { access_token: token } = await signIn(idp.url, 'alice', scopes);
    const form = exchangeForm(token, await assertion());
    for (const [name, value] of Object.entries(changes)) form.set(name, value);
    return parsec.post(form);
  }

  const jwks = async (path = '/.well-known/jwks.json'): Promise<JSONWebKeySet> =>
    (await fetch(parsec.url + path)).json() as Promise<JSONWebKeySet>;

  it('turns a real access token into a Txn-Token that anyone can verify', async () => {
    const { status, headers, body } = await exchange();
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      access_token: expect.any(String),
      issued_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      token_type: 'N_A',
      expires_in: 60,
      scope: 'trade.stocks',
    });

    const keys = await jwks();
    const { payload, protectedHeader } = await jwtVerify(body['access_token'] as string, createLocalJWKSet(keys), {
      typ: 'txntoken+jwt',
      audience: 'trust-domain.example',
    });
    expect(protectedHeader).toEqual({ typ: 'txntoken+jwt', alg: 'ES256', kid: await calculateJwkThumbprint(keys.keys[0] ?? {}) });
    expect(payload).toEqual({
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 60,
      aud: 'trust-domain.example',
      txn: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      sub: 'corp:alice',
      scope: 'trade.stocks',
      req_wl: DEMO_GATEWAY,
      tctx: { action: 'BUY', quantity: '100', user: { email: 'alice@example.com', desk: 'equities' } },
      rctx: { req_ip: '203.0.113.7' },
    });
  });

  it('accepts an ID token of the same provider where configuration does', async () => {
    const { id_token: idToken = '' } = await signIn(idp.url, 'alice', 'openid');
    const form = exchangeForm(idToken, await assertion());
    form.set('subject_token_type', ID_TOKEN);
    // It carries no scope, and no rule grants one by name.
    expect((await parsec.post(form)).body['error']).toBe('invalid_scope');
    expect(await parsec.logged(({ reason }) => reason === 'scope_unknown')).toMatchObject({
      sub: 'corp:alice',
      subject_token_type: ID_TOKEN,
    });
  });

  it('grants what policy leaves of the scope, and says so', async () => {
    const { body } = await exchange({ scope: 'trade.bonds trade.view trade.stocks' });
    expect(body['scope']).toBe('trade.view trade.stocks');
    expect(decodeJwt(body['access_token'] as string)['scope']).toBe('trade.view trade.stocks');
  });

  it('gives nothing above the credential', async () => {
    const { status, body } = await exchange({ scope: 'trade.stocks' }, 'orders.read');
    expect([status, body['error']]).toEqual([400, 'invalid_scope']);
  });

  it('gives every transaction its own identifier', async () => {
    const tokens = await Promise.all(Array.from({ length: 10 }, () => exchange()));
    const claims = tokens.map(({ body }): JWTPayload => decodeJwt(body['access_token'] as string));
    expect(new Set(claims.map(({ txn }) => txn)).size).toBe(10);
  });

  it('goes on when the provider changes its keys', async () => {
    await idp.rotateKeys();
    expect((await exchange()).status).toBe(200);
  });

  it('is told in one audit line, with a hash of the token and nothing else of it', async () => {
    const { body } = await exchange();
    const token = body['access_token'] as string;
    const hash = createHash('sha256').update(token).digest('base64url');
    const line = await parsec.logged(({ token_hash: found }) => found === hash);
    expect(line).toMatchObject({
      level: 'info',
      audit: true,
      outcome: 'issued',
      msg: 'Txn-Token issued',
      txn: decodeJwt(token)['txn'],
      sub: 'corp:alice',
      req_wl: DEMO_GATEWAY,
      trusted_issuer: 'idp',
      token_type: 'urn:ietf:params:oauth:token-type:txn_token',
      scope: 'trade.stocks',
      rules: ['issuance/gateway'],
      ignored_members: ['context.authn', 'details.ticker'],
      latency_ms: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(parsec.output()).not.toContain(token.split('.')[2]);
  });

  it('publishes its keys at both places, to be kept and asked for again', async () => {
    const response = await fetch(`${parsec.url}/.well-known/jwks.json`);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(await response.json()).toEqual(await jwks('/v1/jwks.json'));
    const again = await fetch(`${parsec.url}/.well-known/jwks.json`, { headers: { 'if-none-match': response.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
    for (const key of (await jwks()).keys) expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it('is described by metadata', async () => {
    expect(await (await fetch(`${parsec.url}/.well-known/oauth-authorization-server`)).json()).toMatchObject({
      issuer: parsec.url,
      token_endpoint: `${parsec.url}/v1/token`,
      jwks_uri: `${parsec.url}/.well-known/jwks.json`,
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:token-exchange'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(['ES256']),
    });
  });

  describe('on the management port', () => {
    it.each(['live', 'startup', 'ready'])('%s answers with a status and nothing else', async (probe) => {
      const response = await fetch(`${parsec.managementUrl}/health/${probe}`);
      expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
    });

    it('tells administrators how each part is', async () => {
      const verbose = (authorization?: string): Promise<Response> =>
        fetch(`${parsec.managementUrl}/health/ready?verbose`, { headers: authorization === undefined ? {} : { authorization } });
      expect((await verbose()).status).toBe(401);
      expect((await verbose('Bearer wrong')).status).toBe(401);
      const { details } = (await (await verbose('Bearer an-admin-token-for-tests')).json()) as { details: Record<string, unknown> };
      expect(details).toMatchObject({
        signing: { status: 'up' },
        'trusted_issuer/idp': { status: 'up', state: 'up' },
        'authorizer/issuance': { state: 'up' },
        'signer/main': { state: 'up' },
      });
    });

    it('metrics count exchanges in the OpenMetrics form', async () => {
      await exchange();
      const response = await fetch(`${parsec.managementUrl}/metrics`);
      expect(response.headers.get('content-type')).toContain('application/openmetrics-text');
      const text = await response.text();
      expect(text).toMatch(/parsec_exchanges_total\{outcome="issued",reason="",trusted_issuer="idp",token_type="[^"]*"\} [1-9]/);
      expect(text).toContain('parsec_exchange_step_duration_seconds_bucket');
      expect(text).toContain('parsec_up{kind="trusted_issuer",name="idp"} 1');
      expect(text.trimEnd().endsWith('# EOF')).toBe(true);
    });

    it('serves nothing of the public port, nor the other way round', async () => {
      for (const [url, path] of [
        [parsec.managementUrl, '/v1/jwks.json'],
        [parsec.url, '/metrics'],
        [parsec.url, '/health/live'],
      ] as const)
        // prettier-ignore
        expect((await fetch(url + path)).status).toBe(404);
    });
  });
});

describe.each(['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'])('a signer for %s', (algorithm) => {
  it('signs tokens that verify against the JWKS', async () => {
    const lab = await Lab.open();
    const parsec = await startParsec((url) => ({ ...lab.configuration(url), signers: { main: { key_manager: 'local', algorithm } } }));
    const { body } = await parsec.post(await lab.form(parsec.url));
    const keys = (await (await fetch(`${parsec.url}/v1/jwks.json`)).json()) as JSONWebKeySet;
    const { protectedHeader } = await jwtVerify(body['access_token'] as string, createLocalJWKSet(keys), {
      audience: 'trust-domain.example',
    });
    expect(protectedHeader).toEqual({ typ: 'txntoken+jwt', alg: algorithm, kid: await calculateJwkThumbprint(keys.keys[0] ?? {}) });
    expect(await parsec.stop()).toBe(0);
  });
});

describe('a policy', () => {
  it('can let tokens end with the credential, and grant scopes to credentials that have none', async () => {
    const lab = await Lab.open();
    const permit = { token_types: ['*'], scopes: ['trade.*'], grant_scopes: ['trade.view'], outlive_subject: false };
    const authorizers = { issuance: { type: 'policy', options: { rules: [{ name: 'everyone', when: 'true', permit }] } } };
    const parsec = await startParsec((url) => ({ ...lab.configuration(url), authorizers }));
    const exp = seconds() + 20;
    const short = await parsec.post(await lab.form(parsec.url, { subject_token: await lab.subjectToken({ exp }) }));
    expect(decodeJwt(short.body['access_token'] as string).exp).toBe(exp);
    expect(short.body['expires_in']).toBeLessThanOrEqual(20);

    const scopeless = await lab.subjectToken({ scope: undefined });
    const granted = await parsec.post(await lab.form(parsec.url, { subject_token: scopeless, scope: 'trade.view' }));
    expect([granted.status, granted.body['scope']]).toEqual([200, 'trade.view']);
    const above = await parsec.post(await lab.form(parsec.url, { subject_token: scopeless, scope: 'trade.view trade.stocks' }));
    expect([above.status, above.body['error']]).toEqual([400, 'invalid_scope']);
    expect(await parsec.stop()).toBe(0);
  });
});
