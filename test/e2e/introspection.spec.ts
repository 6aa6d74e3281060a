import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { ACCESS_TOKEN, API, Lab, TXN_TOKEN } from '../support/lab.js';
import { ASKER, POSTING_ASKER, startOpaqueProvider, type OpaqueProvider } from '../support/opaque-provider.js';
import { startParsec, type Answer, type ParsecServer } from '../support/parsec-server.js';

/** Access tokens of a real OpenID provider that nobody but itself can read. */
describe('an opaque token', () => {
  let lab: Lab;
  let provider: OpaqueProvider;
  let parsec: ParsecServer;

  beforeAll(async () => {
    [lab, provider] = await Promise.all([Lab.open(), startOpaqueProvider()]);
    const issuer = (changes: object): object => ({
      issuer: provider.url,
      endpoint: provider.introspectionEndpoint,
      client_id: ASKER.id,
      client_secret: ASKER.secret,
      accept_as: ['subject'],
      token_types: [ACCESS_TOKEN],
      audiences: [API],
      namespace: 'legacy',
      scope: { map: { 'orders.write': ['trade.stocks'] } },
      remember: '0s',
      ...changes,
    });
    parsec = await startParsec((url) => {
      const configuration = lab.configuration(url);
      return {
        ...configuration,
        trust_stores: {
          ...(configuration['trust_stores'] as object),
          legacy: {
            type: 'introspection',
            options: {
              issuers: {
                legacy: issuer({ requesters: ['api*'] }),
                posting: issuer({
                  issuer: 'posting',
                  namespace: 'posting',
                  requesters: ['poster.*', '*both'],
                  client_id: POSTING_ASKER.id,
                  method: 'client_secret_post',
                }),
                remembering: issuer({ issuer: 'remembering', namespace: 'r', requesters: ['both*', 'remembering'], remember: '60s' }),
              },
            },
          },
        },
        authorizers: {
          issuance: {
            type: 'policy',
            options: { rules: [{ name: 'all', when: 'true', permit: { token_types: [TXN_TOKEN], scopes: ['trade.stocks'] } }] },
          },
        },
        data_sources: {},
        token_issuers: { txn_token: { type: 'txn_token', token_type: TXN_TOKEN, signer: 'main', authorizers: ['issuance'] } },
      };
    });
  });

  beforeEach(() => void (provider.fault = undefined));

  afterAll(async () => {
    await provider.close();
    expect(await parsec.stop()).toBe(0);
  });

  const exchange = async (token: string, requester?: string): Promise<Answer> => {
    const changes = requester === undefined ? {} : { client_assertion: await lab.assertion(parsec.url, { sub: requester }) };
    return parsec.post(await lab.form(parsec.url, { subject_token: token, ...changes }));
  };
  const reasonOf = async (answer: Answer): Promise<unknown> => (await answer.audit())['reason'];

  it('is what its issuer says of it', async () => {
    const token = await provider.signIn('alice', API);
    const { status, body } = await exchange(token);
    expect(status).toBe(200);
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ sub: 'legacy:alice', scope: 'trade.stocks' });
    expect(provider.asked.at(-1)).toBe(token);
  });

  it('is refused when its issuer does not know it, or not any more, or it is for somebody else', async () => {
    const unknown = await exchange('no-such-token');
    expect([unknown.status, unknown.body['error'], await reasonOf(unknown)]).toEqual([400, 'invalid_request', 'subject_inactive']);
    const token = await provider.signIn('alice', API);
    expect((await exchange(token)).status).toBe(200);
    await provider.revoke(token);
    expect(await reasonOf(await exchange(token))).toBe('subject_inactive');
    expect(await reasonOf(await exchange(await provider.signIn('alice', 'https://other.example')))).toBe('subject_audience_mismatch');
  });

  it('is asked about where requester and token type choose exactly one issuer, and shown to no other', async () => {
    const before = provider.asked.length;
    expect(await reasonOf(await exchange(await provider.signIn('alice', API), 'both'))).toBe('subject_issuer_ambiguous');
    expect(await reasonOf(await exchange(await provider.signIn('alice', API), 'nobody'))).toBe('subject_malformed');
    for (const token of ['a.b.c', 'eyJhbGciOiJub25lIn0', `${await lab.subjectToken()}=`, 'with space', 'ünicode', 'a.b.c.d.e']) {
      expect(await reasonOf(await exchange(token))).toBe('subject_malformed');
    }
    expect(provider.asked).toHaveLength(before);
  });

  it('is not asked about in the name of another issuer', async () => {
    // The endpoint tells who it is, and that is not who this one is configured to be.
    expect(await reasonOf(await exchange(await provider.signIn('alice', API), 'poster.one'))).toBe('subject_issuer_untrusted');
    expect(await parsec.output()).not.toContain(ASKER.secret);
  });

  it('is asked about once while the answer is remembered, and while it is being asked', async () => {
    const before = provider.asked.length;
    const token = await provider.signIn('alice', API);
    await Promise.all(Array.from({ length: 10 }, () => exchange(token, 'remembering')));
    await exchange(token, 'remembering');
    expect(provider.asked).toHaveLength(before + 1);
  });

  it.each([
    ['an error', (answer: (code: number, body: string) => void) => answer(500, '{"active":true,"sub":"alice"}')],
    ['a refusal of who asks', (answer: (code: number, body: string) => void) => answer(401, '')],
    ['a redirect', (answer: (code: number, body: string) => void) => answer(302, '')],
    ['no JSON', (answer: (code: number, body: string) => void) => answer(200, 'active')],
    ['something that is not yes or no', (answer: (code: number, body: string) => void) => answer(200, '{"active":"true"}')],
    ['a list', (answer: (code: number, body: string) => void) => answer(200, '[]')],
    ['megabytes', (answer: (code: number, body: string) => void) => answer(200, `{"active":true,"x":"${'x'.repeat(100_000)}"}`)],
  ])('whose issuer answers with %s is not known, which is for later', async (_name, fault) => {
    provider.fault = fault;
    const { status, headers, body } = await exchange('token');
    expect([status, body['error']]).toEqual([503, 'temporarily_unavailable']);
    expect(headers.get('retry-after')).toBeTruthy();
  });

  it.each(['{"active":true}', '{"active":true,"sub":"alice","aud":"https://api.example.com"}', '{"active":false,"sub":"alice"}'])(
    'of which too little is said (%s) is refused',
    async (said) => {
      provider.fault = (answer) => answer(200, said);
      expect((await exchange('token')).status).toBe(400);
    },
  );
});
