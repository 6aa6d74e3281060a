import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, type JWTPayload } from 'jose';
import { Lab, makeLabKey, seconds, sign, TXN_TOKEN, WORKLOADS, type LabKey } from '../support/lab.js';
import { startParsec, type Answer, type ParsecServer } from '../support/parsec-server.js';

const SELF_SIGNED = 'urn:ietf:params:oauth:token-type:self_signed';
const UNSIGNED_JSON = 'urn:ietf:params:oauth:token-type:unsigned_json';
const CRON = 'spiffe://trust-domain.example/cron';
const OTHER = 'spiffe://trust-domain.example/other';

/** Subjects that are no more than the word of who asks. */
describe('a subject that its requester speaks for', () => {
  let lab: Lab;
  let cron: LabKey;
  let other: LabKey;
  let parsec: ParsecServer;

  beforeAll(async () => {
    [lab, cron, other] = await Promise.all([Lab.open(), makeLabKey('ES256', 'cron'), makeLabKey('ES256', 'other')]);
    const itself = (issuer: string, key: LabKey, namespace: string): object => ({
      issuer,
      jwks: { keys: [key.jwk] },
      accept_as: ['requester', 'subject'],
      token_types: [SELF_SIGNED],
      audiences: ['https://unused.example'],
      claims: { allow: ['job', 'secret'] },
      namespace,
    });
    parsec = await startParsec((url) => {
      const configuration = lab.configuration(url) as { trust_stores: { lab: { options: { issuers: { idp: object } } } } };
      return {
        ...configuration,
        trust_stores: {
          lab: {
            type: 'static',
            options: {
              issuers: {
                idp: configuration.trust_stores.lab.options.issuers.idp,
                workloads: {
                  issuer: WORKLOADS,
                  jwks: { keys: [lab.workloads.jwk] },
                  accept_as: ['requester'],
                  token_types: [UNSIGNED_JSON],
                  namespace: 'w',
                },
                cron: itself(CRON, cron, 'cron'),
                other: itself(OTHER, other, 'other'),
              },
            },
          },
        },
        authorizers: {
          issuance: {
            type: 'policy',
            options: {
              rules: [
                rule('tellers', 'requester.sub == "w:teller"', {
                  subject_token_types: [UNSIGNED_JSON],
                  subjects: ['customer-*', 'corp:*'],
                  subject_claims: ['level'],
                  subject_namespaces: ['corp'],
                }),
                rule('strangers', 'requester.sub == "w:stranger"', { subject_token_types: [UNSIGNED_JSON], subjects: ['*'] }),
                rule('patterns', 'requester.sub == "w:patterns"', { subject_token_types: ['*'], subjects: ['*'] }),
                rule('nameless', 'requester.sub == "w:nameless"', { subject_token_types: [UNSIGNED_JSON] }),
                rule('secretive', 'requester.sub == "w:secretive" && has(subject.claims.level)', {
                  subject_token_types: [UNSIGNED_JSON],
                  subjects: ['*'],
                }),
                rule('jobs', 'requester.trusted_issuer in ["cron", "other"]', {
                  subject_token_types: [SELF_SIGNED],
                  subjects: ['job-*'],
                  subject_claims: ['job'],
                }),
              ],
            },
          },
        },
        data_sources: {},
        token_issuers: {
          txn_token: {
            type: 'txn_token',
            token_type: TXN_TOKEN,
            signer: 'main',
            authorizers: ['issuance'],
            claims: { tctx: [{ cel: '{"told": subject.claims}' }] },
          },
        },
      };
    });
  });

  afterAll(async () => expect(await parsec.stop()).toBe(0));

  const rule = (name: string, when: string, permit: object): object => ({
    name,
    when,
    permit: { token_types: [TXN_TOKEN], scopes: ['*'], grant_scopes: ['trade.view'], ...permit },
  });

  const speak = async (requester: string, subject: unknown, scope = 'trade.view'): Promise<Answer> =>
    parsec.post(
      await lab.form(parsec.url, {
        client_assertion: await lab.assertion(parsec.url, { sub: requester }),
        subject_token: typeof subject === 'string' ? subject : JSON.stringify(subject),
        subject_token_type: UNSIGNED_JSON,
        scope,
      }),
    );

  const signed = (key: LabKey, iss: string, changes: JWTPayload = {}): Promise<string> =>
    sign(key, { iss, sub: 'job-1', aud: parsec.url, iat: seconds(), exp: seconds() + 60, job: 'nightly', secret: 'x', ...changes });
  const runJob = async (subject: string, changes: Readonly<Record<string, string>> = {}): Promise<Answer> => {
    const assertion = await sign(cron, { iss: CRON, sub: CRON, aud: parsec.url, iat: seconds(), exp: seconds() + 60, jti: randomUUID() });
    const parameters = { client_assertion: assertion, subject_token: subject, subject_token_type: SELF_SIGNED, scope: 'trade.view' };
    return parsec.post(await lab.form(parsec.url, { ...parameters, ...changes }));
  };
  const told = async (answer: Answer): Promise<unknown> => {
    const { reason, outcome } = await answer.audit();
    return outcome === 'issued' ? decodeJwt(String(answer.body['access_token'])) : [answer.status, answer.body['error'], reason];
  };

  it('is accepted where a rule names the type and the subject, with the claims that the rule keeps', async () => {
    expect(await told(await speak('teller', { sub: 'customer-7', level: 3, admin: true, scope: 'everything' }))).toMatchObject({
      sub: 'customer-7',
      req_wl: 'w:teller',
      scope: 'trade.view',
      tctx: { told: { level: 3 } },
    });
    expect(await told(await speak('teller', { sub: 'corp:alice' }))).toMatchObject({ sub: 'corp:alice', tctx: { told: {} } });
  });

  it.each<[string, string, unknown, unknown]>([
    ['whom no rule names', 'teller', { sub: 'boss' }, [400, 'unauthorized_client', 'subject_not_permitted']],
    [
      'in a namespace that the rule does not name',
      'stranger',
      { sub: 'corp:alice' },
      [400, 'unauthorized_client', 'subject_namespace_not_permitted'],
    ],
    ['who is one of the requesters', 'stranger', { sub: 'w:teller' }, [400, 'unauthorized_client', 'subject_namespace_not_permitted']],
    ['under a pattern for types', 'patterns', { sub: 'x' }, [400, 'unauthorized_client', 'subject_token_type_not_permitted']],
    ['under a rule without subjects', 'nameless', { sub: 'x' }, [400, 'unauthorized_client', 'subject_not_permitted']],
    [
      'with a claim that a condition asks for and the rule does not keep',
      'secretive',
      { sub: 'x', level: 1 },
      [400, 'unauthorized_client', 'no_rule_matched'],
    ],
    ['without sub', 'teller', { level: 1 }, [400, 'invalid_request', 'subject_subject_invalid']],
    ['with an empty sub', 'teller', { sub: '' }, [400, 'invalid_request', 'subject_subject_invalid']],
    ['with a number for sub', 'teller', { sub: 7 }, [400, 'invalid_request', 'subject_subject_invalid']],
    ['that is a list', 'teller', ['customer-7'], [400, 'invalid_request', 'subject_malformed']],
    ['that is no JSON', 'teller', 'customer-7', [400, 'invalid_request', 'subject_malformed']],
    [
      'that is far too deep',
      'teller',
      `{"sub":"customer-7","a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      [400, 'invalid_request', 'subject_malformed'],
    ],
    [
      'that holds a token',
      'teller',
      { sub: 'customer-7', level: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.AAAA' },
      [400, 'invalid_request', 'subject_holds_a_credential'],
    ],
  ])('is refused %s', async (_what, requester, subject, refusal) => {
    expect(await told(await speak(requester, subject))).toEqual(refusal);
  });

  it('has no scope but what the rule grants by name', async () => {
    expect(await told(await speak('teller', { sub: 'customer-7', scope: 'trade.stocks' }, 'trade.stocks'))).toEqual([
      400,
      'invalid_scope',
      'scope_above_subject',
    ]);
  });

  it('may be signed by the requester itself', async () => {
    expect(await told(await runJob(await signed(cron, CRON)))).toMatchObject({
      sub: 'job-1',
      req_wl: `cron:${CRON}`,
      tctx: { told: { job: 'nightly' } },
    });
  });

  it('is not accepted where another workload signed it, or for somebody else, or for ever', async () => {
    expect(await told(await runJob(await signed(other, OTHER)))).toEqual([400, 'invalid_request', 'subject_not_its_own']);
    expect(await told(await runJob(await signed(other, CRON)))).toEqual([400, 'invalid_request', 'subject_key_unknown']);
    expect(await told(await runJob(await signed(cron, CRON, { aud: 'https://unused.example' })))).toEqual([
      400,
      'invalid_request',
      'subject_audience_mismatch',
    ]);
    expect(await told(await runJob(await signed(cron, CRON, { exp: seconds() + 4_000 })))).toEqual([
      400,
      'invalid_request',
      'subject_lifetime_too_long',
    ]);
    for (const claim of ['iat', 'exp', 'sub', 'aud']) {
      expect((await runJob(await signed(cron, CRON, { [claim]: undefined }))).body['error']).toBe('invalid_request');
    }
    const asJwt = await runJob(await signed(cron, CRON), { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' });
    expect([asJwt.status, asJwt.body['error']]).toEqual([400, 'invalid_request']);
    // In the name of a workload that may bring unsigned subjects only.
    const borrowed = await runJob(await signed(cron, CRON), { client_assertion: await lab.assertion(parsec.url) });
    expect(await told(borrowed)).toEqual([400, 'invalid_request', 'subject_not_its_own']);
  });

  it('is nobody who could authenticate', async () => {
    const answer = await runJob(await signed(cron, CRON), { client_assertion: await signed(cron, CRON) });
    expect(await told(answer)).toEqual([401, 'invalid_client', 'assertion_subject_invalid']);
  });
});
