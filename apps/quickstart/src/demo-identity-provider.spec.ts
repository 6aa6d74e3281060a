import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify, type JWTVerifyResult } from 'jose';
import { signIn } from './calls.js';
import { startDemoIdentityProvider, type DemoIdentityProvider } from './demo-identity-provider.js';
import { DEMO_API, DEMO_CLIENT } from './demo-provider.js';
import { DEMO_GATEWAY, DEMO_WORKLOADS_ISSUER } from './demo-workloads.js';

const AUDIENCE = 'http://127.0.0.1:8080';

describe('the demonstration identity provider', () => {
  let provider: DemoIdentityProvider;
  beforeEach(async () => (provider = await startDemoIdentityProvider({ audience: AUDIENCE })));
  afterEach(() => provider.close());

  const verify = (token: string, audience: string, path = '/jwks'): Promise<JWTVerifyResult> =>
    jwtVerify(token, createRemoteJWKSet(new URL(path, provider.url)), { audience });

  test('issues an RS256 access token for its API that says who the user is', async () => {
    const { access_token } = await signIn(provider.url, 'alice', 'orders.read orders.write');
    const { payload, protectedHeader } = await verify(access_token, DEMO_API);
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    expect(payload).toMatchObject({
      iss: provider.url,
      sub: 'alice',
      scope: 'orders.read orders.write',
      email: 'alice@example.com',
      groups: ['traders', 'staff'],
    });
  });

  test('grants a user no more than the user may delegate', async () => {
    const { access_token } = await signIn(provider.url, 'bob', 'orders.read orders.write');
    expect((await verify(access_token, DEMO_API)).payload['scope']).toBe('orders.read');
  });

  test('adds an ID token where it is asked for openid', async () => {
    const { id_token } = await signIn(provider.url, 'alice', 'openid profile');
    expect((await verify(id_token ?? '', DEMO_CLIENT.id)).payload).toMatchObject({ sub: 'alice', email: 'alice@example.com' });
    expect(await signIn(provider.url, 'alice', 'profile')).not.toHaveProperty('id_token');
  });

  test('says which users it knows', async () => {
    await expect(signIn(provider.url, 'mallory', 'profile')).rejects.toThrow('alice, bob');
  });

  test('signs with a new key after rotation and keeps publishing the old one', async () => {
    const before = await signIn(provider.url, 'alice', 'profile');
    await provider.rotateKeys();
    const after = await signIn(provider.url, 'alice', 'profile');
    const [first, second] = await Promise.all([verify(before.access_token, DEMO_API), verify(after.access_token, DEMO_API)]);
    expect(second.protectedHeader.kid).not.toBe(first.protectedHeader.kid);
  });

  test('hands out client assertions of the gateway, each a new one', async () => {
    const responses = await Promise.all([1, 2].map(() => fetch(`${provider.url}/workload/assertion`)));
    const assertions = await Promise.all(responses.map((response) => response.text()));
    const [first, second] = await Promise.all(assertions.map((assertion) => verify(assertion, AUDIENCE, '/workload/jwks.json')));
    expect(first?.payload).toMatchObject({ iss: DEMO_WORKLOADS_ISSUER, sub: DEMO_GATEWAY });
    expect(Number(first?.payload.exp) - Number(first?.payload.iat)).toBe(60);
    expect(first?.payload.jti).not.toBe(second?.payload.jti);
  });
});
