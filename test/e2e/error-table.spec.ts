import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { Lab, TXN_TOKEN } from '../support/lab.js';
import { startParsec, type Answer, type ParsecServer } from '../support/parsec-server.js';

type Changes = Readonly<Record<string, string | undefined>>;

/** The error table of the wire contract, row by row, from outside. */
describe('the token endpoint', () => {
  let lab: Lab;
  let parsec: ParsecServer;

  beforeAll(async () => {
    lab = await Lab.open();
    parsec = await startParsec((url) => lab.configuration(url));
  });

  afterAll(async () => {
    expect(await parsec.stop()).toBe(0);
  });

  const post = async (changes: Changes = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    parsec.post(await lab.form(parsec.url, changes), headers);

  /** Every refusal has the form of RFC 6749 section 5.2, and says nothing about what stands behind it. */
  function expectRefusal(answer: Answer, status: number, error: string): void {
    expect([answer.status, answer.body['error']]).toEqual([status, error]);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(answer.body).toSorted()).toEqual(['error', 'error_description']);
    expect(answer.body['error_description']).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,200}$/);
    expect(answer.text).not.toMatch(/gateway|corp|issuance|idp\b|node_modules|\bat \w+ \(/);
  }

  it('answers a good request', async () => {
    expect((await post()).status).toBe(200);
  });

  const required = ['grant_type', 'requested_token_type', 'audience', 'scope', 'subject_token', 'subject_token_type'];

  it.each(required)('a request without %s is invalid, and an empty one is as good as none', async (name) => {
    expectRefusal(await post({ [name]: undefined }), 400, 'invalid_request');
    expectRefusal(await post({ [name]: '' }), 400, 'invalid_request');
  });

  it.each([...required, 'client_assertion', 'client_assertion_type', 'something_unknown'])(
    'a request that repeats %s is invalid',
    async (name) => {
      const form = await lab.form(parsec.url, name === 'something_unknown' ? { [name]: 'x' } : {});
      form.append(name, form.get(name) ?? '');
      expectRefusal(await parsec.post(form), 400, 'invalid_request');
    },
  );

  it('ignores parameters that it does not know, and the query string always', async () => {
    expect((await post({ something_unknown: 'x' })).status).toBe(200);
    const form = await lab.form(parsec.url, { scope: undefined });
    const response = await fetch(`${parsec.url}/v1/token?scope=trade.stocks`, { method: 'POST', body: form });
    expect(response.status).toBe(400);
  });

  const rows: [string, Changes | (() => Promise<Changes>), number, string][] = [
    ['request_context that is no JSON', { request_context: '{' }, 400, 'invalid_request'],
    ['request_context that is no object', { request_context: '[]' }, 400, 'invalid_request'],
    ['request_context in base64', { request_context: 'eyJhIjoxfQ==' }, 400, 'invalid_request'],
    ['request_details that are no JSON', { request_details: 'null' }, 400, 'invalid_request'],
    ['request_details that nest too deeply', { request_details: '{"a":'.repeat(33) + '1' + '}'.repeat(33) }, 400, 'invalid_request'],
    ['request_details with a prototype', { request_details: '{"__proto__":{"a":1}}' }, 400, 'invalid_request'],
    ['request_details with a constructor', { request_details: '{"a":{"constructor":{"prototype":{}}}}' }, 400, 'invalid_request'],
    ['request_details with infinity', { request_details: '{"quantity":1e999}' }, 400, 'invalid_request'],
    ['request_details with a rounded integer', { request_details: '{"quantity":12345678901234567890}' }, 400, 'invalid_request'],
    [
      'request_details with thousands of members',
      { request_details: JSON.stringify({ action: Array.from({ length: 6000 }, () => ({})) }) },
      400,
      'invalid_request',
    ],
    ['the subject token glued to something', async () => { const token = await lab.subjectToken(); return { subject_token: token, request_context: JSON.stringify({ req_ip: `x${token}` }) }; }, 400, 'invalid_request'], // prettier-ignore
    ['request_details with a reserved member', { request_details: '{"user":{"email":"boss@example.com"}}' }, 400, 'invalid_request'],
    [
      'a token in request_context',
      async () => ({ request_context: JSON.stringify({ req_ip: await lab.subjectToken() }) }),
      400,
      'invalid_request',
    ],
    [
      'a token in an ignored member',
      async () => ({ request_context: JSON.stringify({ x: [`Bearer ${await lab.subjectToken()}`] }) }),
      400,
      'invalid_request',
    ],
    [
      'a token as the name of a member',
      async () => ({ request_details: JSON.stringify({ [await lab.subjectToken()]: 1 }) }),
      400,
      'invalid_request',
    ],
    ['an actor token without its type', { actor_token: 'x' }, 400, 'invalid_request'],
    ['an actor token type without its token', { actor_token_type: TXN_TOKEN }, 400, 'invalid_request'],
    ['an actor token', { actor_token: 'x', actor_token_type: TXN_TOKEN }, 400, 'invalid_request'],
    ['another grant type', { grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
    [
      'another grant type and little else',
      { grant_type: 'client_credentials', subject_token: undefined, audience: undefined },
      400,
      'unsupported_grant_type',
    ],
    ['an unknown requested_token_type', { requested_token_type: 'urn:ietf:params:oauth:token-type:access_token' }, 400, 'invalid_request'],
    ['a requested_token_type of JavaScript', { requested_token_type: '__proto__' }, 400, 'invalid_request'],
    ['another audience', { audience: 'other.example' }, 400, 'invalid_target'],
    ['an audience in other letters', { audience: 'Trust-Domain.example' }, 400, 'invalid_target'],
    ['a resource', { resource: 'https://api.example.com' }, 400, 'invalid_target'],
    ['a scope above the credential', { scope: 'trade.stocks admin' }, 400, 'invalid_scope'],
    ['an external scope name', { scope: 'orders.write' }, 400, 'invalid_scope'],
    ['a scope above the policy', { scope: 'trade.bonds' }, 400, 'invalid_scope'],
    ['a scope with a quote', { scope: 'trade"stocks' }, 400, 'invalid_scope'],
    ['a scope with a line feed', { scope: 'trade.stocks\nadmin' }, 400, 'invalid_scope'],
    ['a scope with two spaces', { scope: 'trade.stocks  trade.view' }, 400, 'invalid_scope'],
    ['a scope that is a space', { scope: ' ' }, 400, 'invalid_scope'],
    ['a scope with another alphabet', { scope: 'tradе.stocks' }, 400, 'invalid_scope'],
    [
      'a credential that does not say its scope',
      async () => ({ subject_token: await lab.subjectToken({ scope: undefined }) }),
      400,
      'invalid_scope',
    ],
    [
      'a credential whose scope cannot be read',
      async () => ({ subject_token: await lab.subjectToken({ scope: { a: 1 } }) }),
      400,
      'invalid_scope',
    ],
    ['no assertion', { client_assertion: undefined, client_assertion_type: undefined }, 401, 'invalid_client'],
    ['an assertion without its type', { client_assertion_type: undefined }, 400, 'invalid_request'],
    ['an assertion type without its assertion', { client_assertion: undefined }, 400, 'invalid_request'],
    [
      'an assertion type that is not configured',
      { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe' },
      401,
      'invalid_client',
    ],
    ['an assertion that is no JWT', { client_assertion: 'x' }, 401, 'invalid_client'],
    [
      'an assertion for somebody else',
      async () => ({ client_assertion: await lab.assertion('https://other.example') }),
      401,
      'invalid_client',
    ],
    [
      'an assertion that is expired',
      async () => ({ client_assertion: await lab.assertion(parsec.url, { exp: 1 }) }),
      401,
      'invalid_client',
    ],
    [
      'a subject token as assertion',
      async () => ({ client_assertion: await lab.subjectToken({ aud: parsec.url }) }),
      401,
      'invalid_client',
    ],
    ['another client_id', { client_id: 'somebody.else' }, 401, 'invalid_client'],
    ['a secret beside the assertion', { client_secret: 'x' }, 400, 'invalid_request'],
    [
      'a requester that no rule permits',
      async () => ({ client_assertion: await lab.assertion(parsec.url, { sub: 'somebody.else' }) }),
      400,
      'unauthorized_client',
    ],
  ];
  it.each(rows)('%s', async (_name, changes, status, error) => {
    expectRefusal(await post(typeof changes === 'function' ? await changes() : changes), status, error);
  });

  describe('says which scheme was tried', () => {
    const anonymous = { client_assertion: undefined, client_assertion_type: undefined };

    it.each(['Basic', 'Bearer'])('%s', async (scheme) => {
      const answer = await post(anonymous, { authorization: `${scheme} eDp5` });
      expectRefusal(answer, 401, 'invalid_client');
      expect(answer.headers.get('www-authenticate')).toBe(`${scheme} realm="parsec"`);
    });

    it('none where none was', async () => {
      expect((await post(anonymous)).headers.has('www-authenticate')).toBe(false);
      expectRefusal(await post({}, { authorization: 'Bearer x' }), 400, 'invalid_request');
    });
  });

  it.each([
    'urn:ietf:params:oauth:token-type:refresh_token',
    'urn:ietf:params:oauth:token-type:self_signed',
    'urn:ietf:params:oauth:token-type:unsigned_json',
    'urn:ietf:params:oauth:token-type:saml2',
    'urn:ietf:params:oauth:token-type:id_token',
    TXN_TOKEN,
    'not a uri',
    'toString',
  ])('does not accept subject tokens of the type %s', async (type) => {
    expectRefusal(await post({ subject_token_type: type }), 400, 'invalid_request');
    expectRefusal(await post({ subject_token_type: type, subject_token: '{"sub":"alice"}' }), 400, 'invalid_request');
  });

  it('gives one answer for every kind of bad subject token, and the log knows which', async () => {
    const own = (await post()).body['access_token'] as string;
    const replayable = await lab.assertion(parsec.url);
    const bad: [reason: string, token: string, changes?: Changes][] = [
      ['subject_malformed', 'opaque-token-of-some-kind'],
      ['subject_malformed', 'a.b.c'],
      ['subject_expired', await lab.subjectToken({ exp: 1_000_000 })],
      ['subject_issuer_untrusted', await lab.subjectToken({ iss: 'https://evil.example' })],
      ['subject_issuer_untrusted', replayable],
      ['subject_audience_mismatch', await lab.subjectToken({ aud: 'https://other.example' })],
      ['subject_signature_invalid', `${(await lab.subjectToken()).slice(0, -8)}AAAAAAAA`],
      ['subject_key_unknown', await lab.subjectToken({}, { kid: 'unknown' })],
      ['subject_kind_mismatch', own],
      ['subject_kind_mismatch', own, { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }],
      ['subject_key_bound', await lab.subjectToken({ cnf: { jkt: 'x' } })],
      ['subject_subject_invalid', await lab.subjectToken({ sub: '' })],
    ];
    const answers = new Set<string>();
    for (const [reason, token, changes] of bad) {
      const answer = await post({ ...changes, subject_token: token });
      expectRefusal(answer, 400, 'invalid_request');
      answers.add(JSON.stringify([answer.status, answer.text]));
      expect(await answer.audit()).toMatchObject({ reason, code: 'PARSEC_SUBJECT_REFUSED', req_wl: 'apigateway.trust-domain.example' });
    }
    expect(answers.size).toBe(1);
  });

  it('accepts an assertion once', async () => {
    const assertion = await lab.assertion(parsec.url);
    expect((await post({ client_assertion: assertion })).status).toBe(200);
    expectRefusal(await post({ client_assertion: assertion }), 401, 'invalid_client');
    expect(await parsec.logged(({ reason }) => reason === 'assertion_replayed')).toMatchObject({ outcome: 'refused' });
  });

  it('does not accept one JWT as assertion and subject token at once', async () => {
    const assertion = await lab.assertion(parsec.url);
    expectRefusal(await post({ client_assertion: assertion, subject_token: assertion }), 400, 'invalid_request');
  });

  describe('speaks forms only', () => {
    it.each([
      'application/json',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded; charset=iso-8859-1',
      'application/x-www-form-urlencodedx',
      'application/x-www-form-urlencoded, application/json',
    ])('and not %s', async (type) => {
      expectRefusal(await post({}, { 'content-type': type }), 415, 'invalid_request');
    });

    it.each([
      'application/x-www-form-urlencoded; charset=UTF-8',
      'APPLICATION/X-WWW-FORM-URLENCODED',
      'application/x-www-form-urlencoded;charset="utf-8"',
    ])('such as %s', async (type) => {
      expect((await post({}, { 'content-type': type })).status).toBe(200);
    });

    it('and no compressed ones', async () => {
      expectRefusal(await post({}, { 'content-encoding': 'gzip' }), 415, 'invalid_request');
    });

    it.each(['a=%zz', 'a=%ff', '%'])('that are well encoded, not %s', async (body) => {
      expectRefusal(await parsec.post(body, { 'content-type': 'application/x-www-form-urlencoded' }), 400, 'invalid_request');
    });
  });

  it('takes bodies of 64 KiB and no more, announced or not', async () => {
    const padded = async (size: number): Promise<string> => {
      const form = (await lab.form(parsec.url)).toString();
      return `${form}&padding=${'x'.repeat(size - form.length - '&padding='.length)}`;
    };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await parsec.post(await padded(64 * 1024), headers)).status).toBe(200);
    expectRefusal(await parsec.post(await padded(64 * 1024 + 1), headers), 413, 'invalid_request');
    const chunked = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${parsec.url}/v1/token`, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', reject);
      request.write('a='.padEnd(40_000, 'x'));
      request.end('x'.repeat(40_000));
    });
    expect(chunked).toBe(413);
  });

  it('says at once that an announced body is too large, without asking for it or waiting', async () => {
    for (const expect100 of [false, true]) {
      const { status, continued } = await new Promise<{ status: number; continued: boolean }>((resolve, reject) => {
        let askedFor = false;
        const request = httpRequest(`${parsec.url}/v1/token`, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': 99_999_999,
            ...(expect100 ? { expect: '100-continue' } : {}),
          },
        });
        request.on('continue', () => {
          askedFor = true;
        });
        request.on('response', (response) => {
          response.resume();
          resolve({ status: response.statusCode ?? 0, continued: askedFor });
          request.destroy();
        });
        request.on('error', reject);
        if (!expect100) request.write('a');
        else request.flushHeaders();
      });
      expect({ status, continued }).toEqual({ status: 413, continued: false });
    }
  });

  it('answers who asks before sending a body that is small enough', async () => {
    const form = (await lab.form(parsec.url)).toString();
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${parsec.url}/v1/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': form.length, expect: '100-continue' },
      });
      request.on('continue', () => request.end(form));
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', reject);
      request.flushHeaders();
    });
    expect(status).toBe(200);
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s', async (method) => {
    const response = await fetch(`${parsec.url}/v1/token`, { method });
    expect([response.status, response.headers.get('allow'), ((await response.json()) as { error: string }).error]).toEqual([
      405,
      'POST',
      'invalid_request',
    ]);
  });

  it('refuses a token that would be larger than 8 KiB', async () => {
    expectRefusal(await post({ request_details: JSON.stringify({ blob: 'x'.repeat(9000) }) }), 400, 'invalid_request');
    expect(await parsec.logged(({ code }) => code === 'PARSEC_TOKEN_TOO_LARGE')).toBeDefined();
  });

  it('refuses header sections above 16 KiB', async () => {
    expect((await post({}, { 'x-long': 'x'.repeat(17_000) })).status).toBe(431);
  });

  it('audits every refusal with its reason', async () => {
    const answer = await post({ audience: 'other.example' });
    expect(await answer.audit()).toMatchObject({
      audit: true,
      level: 'info',
      code: 'PARSEC_REQUEST_TARGET_INVALID',
      peer_ip: '127.0.0.1',
      latency_ms: expect.any(Number),
    });
  });

  it('passes the trace on into the audit line', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await post({ audience: 'other.example' }, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
    expect(await parsec.logged(({ trace_id: found }) => found === traceId)).toBeDefined();
  });
});
