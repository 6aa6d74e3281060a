import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEMO_API, signIn, startDemoIdentityProvider, type DemoIdentityProvider } from '@parsec/quickstart';
import { decodeJwt } from 'jose';
import { ACCESS_TOKEN, GATEWAY, Lab, makeLabKey, seconds, sign, TXN_TOKEN, WORKLOADS, type LabKey } from '../support/lab.js';
import { makeDirectory, PARSEC, startParsec, type ParsecServer } from '../support/parsec-server.js';
import { until } from '../support/until.js';

const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const SUPPORT = 'https://support.example';

/** Every way in that needs no certificate: discovery, a document that changes, an `Authorization` header, an actor. */
describe('trust', () => {
  let lab: Lab;
  let idp: DemoIdentityProvider;
  let support: LabKey;
  let parsec: ParsecServer;
  let place: Awaited<ReturnType<typeof makeDirectory>>;

  const document = (...names: readonly string[]): string =>
    JSON.stringify({
      issuers: Object.fromEntries(
        names.map((name) => [
          name,
          {
            issuer: name === 'support' ? SUPPORT : `https://${name}.example`,
            jwks: { keys: [support.jwk] },
            accept_as: ['subject', 'actor'],
            token_types: [JWT],
            audiences: [DEMO_API],
            algorithms: ['ES256'],
            namespace: name,
            claims: { allow: ['*'], deny: ['phone'] },
          },
        ]),
      ),
    });

  beforeAll(async () => {
    [lab, idp, support] = await Promise.all([Lab.open(), startDemoIdentityProvider({ audience: 'unused' }), makeLabKey('ES256')]);
    place = await makeDirectory();
    await writeFile(join(place.directory, 'issuers.json'), document('support'));
    parsec = await startParsec((url) => {
      const configuration = lab.configuration(url);
      return {
        ...configuration,
        server: { ...(configuration['server'] as object), client_authentication: ['jwt_bearer', 'bearer'] },
        trust_stores: {
          providers: {
            type: 'oidc',
            options: {
              issuers: {
                idp: {
                  issuer: idp.url,
                  accept_as: ['subject'],
                  token_types: [ACCESS_TOKEN],
                  audiences: [DEMO_API],
                  namespace: 'corp',
                  scope: { map: { 'orders.write': ['trade.stocks'] } },
                },
              },
            },
          },
          workloads: {
            type: 'static',
            options: { issuers: { workloads: { issuer: WORKLOADS, jwks: { keys: [lab.workloads.jwk] }, accept_as: ['requester'] } } },
          },
          partners: { type: 'file', options: { path: 'issuers.json' } },
        },
        authorizers: {
          issuance: {
            type: 'policy',
            options: {
              rules: [
                {
                  name: 'support',
                  when: 'actor != null && actor.sub == "support:carol" && actor.claims.desk == "trade"',
                  permit: { token_types: [TXN_TOKEN], scopes: ['trade.stocks'] },
                },
                {
                  name: 'gateway',
                  when: `actor == null && requester.sub == "${GATEWAY}"`,
                  permit: { token_types: [TXN_TOKEN], scopes: ['trade.stocks'], grant_scopes: ['trade.stocks'] },
                },
              ],
            },
          },
        },
        token_issuers: {
          txn_token: {
            type: 'txn_token',
            token_type: TXN_TOKEN,
            signer: 'main',
            authorizers: ['issuance'],
            claims: { tctx: [{ cel: '{"by": actor == null ? "nobody" : actor.sub}' }] },
          },
        },
        data_sources: {},
      };
    }, place.directory);
  });

  afterAll(async () => {
    await idp.close();
    expect(await parsec.stop()).toBe(0);
    await place.remove();
  });

  const partnerToken = (changes: object = {}): Promise<string> =>
    sign(support, {
      iss: SUPPORT,
      aud: DEMO_API,
      sub: 'carol',
      exp: seconds() + 60,
      iat: seconds(),
      desk: 'trade',
      phone: '1',
      ...changes,
    });

  async function form(changes: Readonly<Record<string, string | undefined>> = {}): Promise<URLSearchParams> {
    const { access_token: token } = await signIn(idp.url, 'alice', 'orders.write');
    return lab.form(parsec.url, { subject_token: token, ...changes });
  }

  it('comes from what an OpenID provider says of itself', async () => {
    const { status, body } = await parsec.post(await form());
    expect(status).toBe(200);
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ sub: 'corp:alice', tctx: { by: 'nobody' } });
  });

  it('takes an assertion in an Authorization header, and nothing beside it', async () => {
    const without = { client_assertion: undefined, client_assertion_type: undefined };
    const headers = { authorization: `Bearer ${await lab.assertion(parsec.url)}` };
    expect((await parsec.post(await form(without), headers)).status).toBe(200);
    const again = await parsec.post(await form(without), headers);
    expect([again.status, again.body['error'], again.headers.get('www-authenticate')]).toEqual([
      401,
      'invalid_client',
      'Bearer realm="parsec"',
    ]);
    const both = await parsec.post(await form(), { authorization: `Bearer ${await lab.assertion(parsec.url)}` });
    expect([both.status, both.body['error']]).toEqual([400, 'invalid_request']);
    for (const token of ['', ' ', 'x', `x${' '.repeat(4_000)}x`, 'a.b.c']) {
      expect((await parsec.post(await form(without), { authorization: `Bearer ${token}` })).status).toBe(401);
    }
  });

  it('shows an actor to policy and mappings, and in the audit line', async () => {
    const answer = await parsec.post(await form({ actor_token: await partnerToken(), actor_token_type: JWT }));
    expect(answer.status).toBe(200);
    expect(decodeJwt(String(answer.body['access_token']))).toMatchObject({ sub: 'corp:alice', tctx: { by: 'support:carol' } });
    expect(await answer.audit()).toMatchObject({ actor: 'support:carol', sub: 'corp:alice' });

    const other = await parsec.post(await form({ actor_token: await partnerToken({ sub: 'mallory' }), actor_token_type: JWT }));
    expect([other.status, other.body['error']]).toEqual([400, 'unauthorized_client']);
  });

  it('takes no actor that cannot be verified, and says no more of it than of a subject', async () => {
    const refusals = await Promise.all(
      [
        form({ actor_token: 'x', actor_token_type: JWT }),
        form({ actor_token: await partnerToken({ exp: seconds() - 1 }), actor_token_type: JWT }),
        form({ actor_token: await lab.assertion(parsec.url), actor_token_type: JWT }),
        form({ subject_token: await lab.subjectToken() }),
      ].map(async (request) => parsec.post(await request)),
    );
    for (const { status, body } of refusals) {
      expect([status, body]).toEqual([400, refusals[0]?.body]);
    }
    const token = await partnerToken();
    const twice = await parsec.post(
      await form({ subject_token: token, subject_token_type: JWT, actor_token: token, actor_token_type: JWT }),
    );
    expect([twice.status, (await twice.audit())['reason']]).toEqual([400, 'actor_is_another_credential']);
  });

  it('can be listed', async () => {
    const options = ['-c', join(parsec.directory, 'parsec.yaml'), '--set', `server.management_port=${new URL(parsec.managementUrl).port}`];
    const { stdout } = await promisify(execFile)(process.execPath, [PARSEC, 'trust', 'list', ...options]);
    const [headings, ...rows] = stdout.trim().split('\n');
    expect(headings).toMatch(/^TRUSTED ISSUER +ISSUER +TRUST STORE +ACCEPTED AS +KEYS +FETCHED +HEALTH$/);
    expect(rows).toEqual([
      expect.stringMatching(/^idp +http:\S+ +providers +subject +[1-9] +\d{4}-\S+Z +up$/),
      expect.stringMatching(/^workloads +\S+ +workloads +requester +1 +- +up$/),
      expect.stringMatching(/^support +\S+ +partners +subject, actor +1 +- +up$/),
    ]);
    expect((await fetch(`${parsec.managementUrl}/admin/trust`)).status).toBe(401);
  });

  it('follows a document, and stays where that is broken', async () => {
    const subject = async (): Promise<number> =>
      (await parsec.post(await form({ subject_token: await partnerToken(), subject_token_type: JWT }))).status;
    const path = join(parsec.directory, 'issuers.json');
    expect(await subject()).toBe(200);
    await writeFile(path, document('others'));
    await until('the issuer is removed', async () => (await subject()) === 400);
    await writeFile(path, document('others', 'support'));
    await until('the issuer is back', async () => (await subject()) === 200);
    await writeFile(path, document('others', 'support').slice(1));
    await parsec.logged(({ msg }) => msg.startsWith('a document of trusted issuers is not read'));
    expect(await subject()).toBe(200);
    // An issuer of another store stands in the document too.
    await writeFile(path, document('support', 'idp'));
    const { problem } = await parsec.logged(({ msg }) => msg.startsWith('a change of trusted issuers is refused'));
    expect(problem).toContain('"idp"');
    expect(await subject()).toBe(200);
  });
});
