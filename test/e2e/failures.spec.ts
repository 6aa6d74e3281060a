import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';
import { Lab, TXN_TOKEN } from '../support/lab.js';
import { makeDirectory, startParsec, type Answer, type ParsecServer } from '../support/parsec-server.js';

const PLUGINS = fileURLToPath(new URL('../fixtures/plugins', import.meta.url));
const OPTIONAL = 'urn:example:optional';

/** What happens when something behind parsec fails: a clear answer, and a service that goes on. */
describe('a failure', () => {
  let lab: Lab;
  let parsec: ParsecServer;
  let place: Awaited<ReturnType<typeof makeDirectory>>;
  let idp: Server;
  let idpAnswers = false;

  beforeAll(async () => {
    lab = await Lab.open();
    place = await makeDirectory();
    idp = createServer((_request, response) =>
      idpAnswers ? response.end(JSON.stringify({ keys: [lab.idp.jwk] })) : response.writeHead(503).end(),
    );
    await new Promise<void>((resolve) => idp.listen(0, '127.0.0.1', resolve));
    await writeFile(join(place.directory, 'keys-are-out'), '');
    parsec = await startParsec((url) => {
      const configuration = lab.configuration(url);
      const tokenIssuer = (tokenType: string, source: string): object => ({
        type: 'txn_token',
        token_type: tokenType,
        signer: 'main',
        authorizers: ['everyone'],
        claims: { tctx: [{ details: true }, { cel: `{"data": datasource("${source}")}` }, { cel: '{"level": subject.claims.level}' }] },
      });
      return {
        ...configuration,
        plugins: [join(PLUGINS, 'moody.js'), join(PLUGINS, 'fragile-keys.js')],
        trust_stores: {
          lab: {
            type: 'static',
            options: {
              issuers: {
                ...(configuration as { trust_stores: { lab: { options: { issuers: object } } } }).trust_stores.lab.options.issuers,
                flaky: {
                  issuer: 'https://flaky.example',
                  jwks_uri: `http://127.0.0.1:${(idp.address() as AddressInfo).port}/`,
                  accept_as: ['subject'],
                  token_types: ['urn:ietf:params:oauth:token-type:access_token'],
                  audiences: ['https://api.example.com'],
                  namespace: 'flaky',
                  claims: { allow: ['level'] },
                },
              },
            },
          },
        },
        key_managers: { local: { type: 'acme/fragile' } },
        data_sources: {
          required: { type: 'acme/moody', timeout: '100ms' },
          optional: { type: 'acme/moody', timeout: '100ms', required: false },
        },
        authorizers: { everyone: { type: 'allow_all' } },
        token_issuers: { strict: tokenIssuer(TXN_TOKEN, 'required'), lenient: tokenIssuer(OPTIONAL, 'optional') },
      };
    }, place.directory);
  });

  afterAll(async () => {
    expect(await parsec.stop()).toBe(0);
    await new Promise((resolve) => idp.close(resolve));
    await place.remove();
  });

  async function ask(mood: string, claims: Record<string, unknown> = {}, changes: Record<string, string> = {}): Promise<Answer> {
    const token = await lab.subjectToken({ level: 1, ...claims });
    return parsec.post(await lab.form(parsec.url, { subject_token: token, request_details: JSON.stringify({ mood }), ...changes }));
  }

  function expectUnavailable(answer: Answer): void {
    expect([answer.status, answer.body['error']]).toEqual([503, 'temporarily_unavailable']);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }

  const probe = async (name: string): Promise<number> => (await fetch(`${parsec.managementUrl}/health/${name}`)).status;

  it('of the key manager at the start leaves parsec alive, not ready, and answering 503 until it is back', async () => {
    expect([await probe('live'), await probe('startup'), await probe('ready')]).toEqual([200, 503, 503]);
    expectUnavailable(await ask('fine'));
    expect((await fetch(`${parsec.url}/.well-known/jwks.json`)).status).toBe(503);
    await rm(join(place.directory, 'keys-are-out'));
    await parsec.logged(({ msg }) => msg === 'signer is ready');
    expect([await probe('startup'), await probe('ready')]).toEqual([200, 200]);
    expect((await ask('fine')).status).toBe(200);
  });

  it('of the key manager later is answered with 503', async () => {
    await writeFile(join(place.directory, 'keys-are-out'), '');
    expectUnavailable(await ask('fine'));
    await rm(join(place.directory, 'keys-are-out'));
    expect((await ask('fine')).status).toBe(200);
  });

  it.each(['throws', 'hangs', 'ignores its signal', 'bigint', 'function'])(
    'of a required data source that %s is answered with 503',
    async (mood) => {
      expectUnavailable(await ask(mood));
    },
  );

  it.each(['throws', 'hangs', 'ignores its signal', 'bigint', 'function'])(
    'of an optional data source that %s leaves its data out',
    async (mood) => {
      const { status, body } = await ask(mood, {}, { requested_token_type: OPTIONAL });
      expect(status).toBe(200);
      expect(decodeJwt(body['access_token'] as string)['tctx']).toEqual({ mood, data: {}, level: 1 });
      expect(await parsec.logged(({ txn }) => txn === decodeJwt(body['access_token'] as string)['txn'])).toMatchObject({
        left_out: ['optional'],
      });
    },
  );

  it('to know anything is no failure', async () => {
    expect((await ask('nothing')).status).toBe(200);
  });

  it('of a mapping is a refusal, and the log tells where it failed and not on what', async () => {
    const answer = await ask('fine', { level: undefined, email: 'not-for-the-log@example.com' });
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
    expect(await answer.audit()).toMatchObject({
      level: 'warn',
      code: 'PARSEC_CONTEXT_MAPPING_FAILED',
      problem: expect.stringMatching(/^tctx: the mapping failed .*: evaluation failed at character \d+$/),
    });
    expect(parsec.output()).not.toContain('not-for-the-log');
  });

  it('to keep a token out of the data is answered with 500 and a reference, and the log tells the claim and not the value', async () => {
    const answer = await ask('token');
    expect([answer.status, answer.body['error']]).toEqual([500, 'server_error']);
    const line = await answer.audit();
    const reference = /Reference: ([0-9a-f-]{36})$/.exec(answer.body['error_description'] as string)?.[1];
    expect(line).toMatchObject({ level: 'error', code: 'PARSEC_TOKEN_CREDENTIAL', reason: 'credential_in_claims', reference });
    expect(line['problem']).toContain('tctx.data.value.deep[0]');
    expect(parsec.output()).not.toContain('.e30.');
  });

  it('of an identity provider concerns its own tokens only, and ends when it is back', async () => {
    const flaky = (): Promise<Answer> => ask('fine', { iss: 'https://flaky.example', level: 1 }, {});
    expectUnavailable(await flaky());
    expect((await ask('fine')).status).toBe(200);
    expect(await probe('ready')).toBe(200);
    idpAnswers = true;
    await parsec.logged(({ msg, trusted_issuer: name }) => msg === 'JWKS of trusted issuer is back' && name === 'flaky');
    // Its token says orders.* and it maps nothing, so only the scope stands in the way now.
    expect((await flaky()).body['error']).toBe('invalid_scope');
  });

  it('of a caller to wait is noted, and nothing else happens', async () => {
    const form = (await lab.form(parsec.url, { request_details: '{"mood":"hangs"}' })).toString();
    const { port } = new URL(parsec.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST /v1/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ${form.length}\r\n\r\n${form}`,
          () => {
            socket.end();
            resolve();
          },
        );
      });
    });
    expect(await parsec.logged(({ reason }) => reason === 'caller_gone')).toMatchObject({ outcome: 'refused', level: 'warn' });
    expect((await ask('fine')).status).toBe(200);
  });
});
