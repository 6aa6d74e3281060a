import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, createPublicKey } from 'node:crypto';
import { connect } from 'node:net';
import fc from 'fast-check';
import { CompactEncrypt, importJWK } from 'jose';
import { Lab, makeLabKey, sign, type LabKey } from '../support/lab.js';
import { startParsec, type Answer, type ParsecServer } from '../support/parsec-server.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Attacks on the token endpoint: each gets its row of the error table, never a token and never an unforeseen error. */
describe('hostile input', () => {
  let lab: Lab;
  let mallory: LabKey;
  let parsec: ParsecServer;

  beforeAll(async () => {
    lab = await Lab.open();
    mallory = await makeLabKey('RS256', 'idp');
    parsec = await startParsec((url) => lab.configuration(url));
  });

  afterAll(async () => {
    const output = parsec.output();
    expect(await parsec.stop()).toBe(0);
    expect(output).not.toContain('"level":"error"');
    // Whatever was sent, nothing that looks like a token, and no part of one, is in the log.
    expect(output).not.toMatch(/eyJ[A-Za-z0-9_-]{4}/);
  });

  async function present(token: string): Promise<[subject: Answer, assertion: Answer]> {
    return Promise.all([
      parsec.post(await lab.form(parsec.url, { subject_token: token })),
      parsec.post(await lab.form(parsec.url, { client_assertion: token })),
    ]);
  }

  /** Headers and claims around a signature that cannot be right, or that is right for something else. */
  async function forgeries(): Promise<Record<string, string>> {
    const claims = lab.subjectClaims();
    const [header, payload, signature] = (await lab.subjectToken()).split('.') as [string, string, string];
    const pem = createPublicKey({ key: lab.idp.jwk as Record<string, string>, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    }) as string;
    const hmacInput = `${encode({ alg: 'HS256', kid: 'idp' })}.${encode(claims)}`;
    const forged: Record<string, string> = {
      'alg none': `${encode({ alg: 'none' })}.${encode(claims)}.`,
      'alg none with a signature': `${encode({ alg: 'none' })}.${encode(claims)}.${signature}`,
      'alg nOnE': `${encode({ alg: 'nOnE', kid: 'idp' })}.${encode(claims)}.${signature}`,
      'no alg': `${encode({ kid: 'idp' })}.${encode(claims)}.${signature}`,
      'alg of another type': `${encode({ alg: ['RS256'], kid: 'idp' })}.${encode(claims)}.${signature}`,
      'an HMAC over the public key': `${hmacInput}.${createHmac('sha256', pem).update(hmacInput).digest('base64url')}`,
      'its own key in jwk': await sign(mallory, claims, { jwk: mallory.jwk, kid: 'mallory' }),
      'a key behind jku': await sign(mallory, claims, { jku: 'http://127.0.0.1:9/jwks', kid: 'mallory' }),
      'a key behind x5u': await sign(mallory, claims, { x5u: 'http://169.254.169.254/', kid: 'mallory' }),
      'a certificate of its own': await sign(mallory, claims, { x5c: ['MIIB'], kid: 'mallory' }),
      'another key under the same kid': await sign(mallory, claims),
      'a kid that is a path': await sign(mallory, claims, { kid: '../../../../dev/null' }),
      'a kid that is SQL': await sign(mallory, claims, { kid: "' OR 1=1 --" }),
      'a kid that is a number': `${encode({ alg: 'RS256', kid: 1 })}.${encode(claims)}.${signature}`,
      'an endless kid': await sign(mallory, claims, { kid: 'k'.repeat(20_000) }),
      'an unknown critical extension': `${encode({ alg: 'RS256', kid: 'idp', crit: ['x'], x: 1 })}.${payload}.${signature}`,
      'an unencoded payload': `${encode({ alg: 'RS256', kid: 'idp', b64: false, crit: ['b64'] })}.${payload}.${signature}`,
      'changed claims': `${header}.${encode({ ...claims, sub: 'admin' })}.${signature}`,
      'no signature': `${header}.${payload}.`,
      'two signatures': `${header}.${payload}.${signature}.${signature}`,
      'an empty header': `.${payload}.${signature}`,
      'an empty payload': `${header}..${signature}`,
      padding: `${header}==.${payload}.${signature}`,
      'base64 with other letters': `${header}.${payload}.${Buffer.alloc(256, 0xfb).toString('base64')}`,
      'white space': `${header}. ${payload}.${signature}`,
      'a zero byte': `${header}.${payload}.${signature}\0`,
      'a header that is a list': `${encode([])}.${payload}.${signature}`,
      'a header that is null': `${encode('null')}.${payload}.${signature}`,
      'a payload that is a list': `${header}.${encode([claims])}.${signature}`,
      'a payload that is a text': `${header}.${encode('"alice"')}.${signature}`,
      'a payload that is no UTF-8': `${header}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${signature}`,
      'a payload that is endless': `${header}.${encode('{"a":'.repeat(5000) + '1' + '}'.repeat(5000))}.${signature}`,
      'brackets only': `${encode('['.repeat(20_000))}.${encode('['.repeat(20_000))}.AA`,
      'a header with a prototype': `${encode('{"alg":"RS256","kid":"idp","__proto__":{"crit":[]}}')}.${payload}.${signature}`,
      'the JSON serialisation': JSON.stringify({ payload, protected: header, signature }),
      'a JWE': await new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A128GCM' })
        .encrypt(await importJWK(lab.idp.jwk, 'RSA-OAEP')),
      'a zero ECDSA signature': `${encode({ alg: 'ES256', kid: 'workloads' })}.${encode({ ...claims, iss: 'https://workloads.trust-domain.example' })}.${Buffer.alloc(64).toString('base64url')}`,
      dots: '.'.repeat(1000),
      'an issuer of JavaScript': await lab.subjectToken({ iss: '__proto__' }),
      'an issuer that is a list': await lab.subjectToken({ iss: ['https://idp.example'] as never }),
      'an issuer with a space': await lab.subjectToken({ iss: 'https://idp.example ' }),
    };
    const wrongClaims: Record<string, Record<string, unknown>> = {
      'exp at the end of time': { exp: 1e308 },
      'exp in milliseconds': { exp: Date.now() + 60_000 },
      'exp as text': { exp: '9999999999' },
      'exp below zero': { exp: -1 },
      'exp null': { exp: null },
      'exp true': { exp: true },
      'exp list': { exp: [9_999_999_999] },
      'iat tomorrow': { iat: Math.floor(Date.now() / 1000) + 86_400 },
      'iat as text': { iat: 'now' },
      'nbf tomorrow': { nbf: Math.floor(Date.now() / 1000) + 86_400 },
      'nbf as object': { nbf: {} },
      'sub missing': { sub: undefined },
      'sub empty': { sub: '' },
      'sub as object': { sub: { toString: 'x' } },
      'sub endless': { sub: 's'.repeat(20_000) },
      'sub with half a surrogate': { sub: '\ud800' },
      'aud missing': { aud: undefined },
      'aud null': { aud: null },
      'aud as object': { aud: { 'https://api.example.com': true } },
      'aud almost': { aud: 'https://api.example.com/' },
      'a bound key': { cnf: { 'x5t#S256': 'x' } },
      'a bound key of no form': { cnf: 'x' },
      'deep claims': { deep: JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)) as unknown },
      'a constructor': { constructor: { prototype: {} } },
    };
    for (const [name, changes] of Object.entries(wrongClaims)) forged[name] = await lab.subjectToken(changes);
    for (const typ of ['txntoken+jwt', 'application/txntoken+jwt', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWT2', '']) {
      forged[`typ ${typ}`] = await lab.subjectToken({}, { typ });
    }
    return forged;
  }

  it('as tokens is refused, in one voice and in good time', async () => {
    const forged = Object.entries(await forgeries());
    expect(forged.length).toBeGreaterThan(70);
    const wrong: string[] = [];
    for (const [name, token] of forged) {
      const [subject, assertion] = await present(token);
      if (subject.status !== 400 || subject.body['error'] !== 'invalid_request')
        wrong.push(`${name} as subject: ${subject.status} ${subject.text}`);
      if (assertion.status !== 401 || assertion.body['error'] !== 'invalid_client')
        wrong.push(`${name} as assertion: ${assertion.status} ${assertion.text}`);
    }
    expect(wrong).toEqual([]);
  });

  it('as context is refused or left out', async () => {
    const values = [
      '{"a":'.repeat(20_000),
      '['.repeat(60_000),
      `{"req_ip":${'['.repeat(40)}${']'.repeat(40)}}`,
      '{"a":1e400}',
      '{"a":-1e400}',
      '{"__proto__":{"admin":true}}',
      '{"constructor":{"prototype":{"admin":true}}}',
      '{"a":{"prototype":1}}',
      '{"a":NaN}',
      "{'a':1}",
      '{"a":1}{"b":2}',
      '\ufeff{}',
      '"text"',
      '1',
      '{"action":"\ud83d"}',
      JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`member${index}`, index]))),
      JSON.stringify({ action: '\u0000\r\n\u2028' }),
      JSON.stringify({ action: 'a.'.repeat(20_000) }),
      JSON.stringify({ action: `${encode('{')}.`.repeat(5_000) }),
      JSON.stringify({ $typeName: 'google.protobuf.Int32Value', value: 1 }),
      JSON.stringify({ toString: 1, valueOf: 2, hasOwnProperty: 3 }),
    ];
    for (const value of values) {
      for (const name of ['request_context', 'request_details']) {
        const { status } = await parsec.post(await lab.form(parsec.url, { [name]: value }));
        expect([200, 400, 413]).toContain(status);
      }
    }
  });

  it('as a form gets an answer of the table, whatever the bytes', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 300 }).map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        const answer = await parsec.post(body, FORM);
        expect([400, 401]).toContain(answer.status);
        expect(['invalid_request', 'invalid_client']).toContain(answer.body['error']);
      }),
      { numRuns: 200 },
    );
  });

  it('in any one parameter of a good request gets an answer of the table', async () => {
    const parameters = [
      'grant_type',
      'requested_token_type',
      'audience',
      'scope',
      'subject_token',
      'subject_token_type',
      'request_context',
      'request_details',
      'actor_token',
      'client_id',
      'client_assertion_type',
      'resource',
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...parameters), fc.oneof(fc.string({ unit: 'binary' }), fc.json()), async (name, value) => {
        const { status } = await parsec.post(await lab.form(parsec.url, { [name]: value }));
        expect([200, 400, 401]).toContain(status);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    'POST /v1/token HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /v1/token HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
    'POST /v1/token HTTP/1.1\r\nhost: x\r\ncontent-length: 1, 2\r\n\r\n',
    'POST /v1/token HTTP/1.1\r\n\r\n',
    'NONSENSE\r\n\r\n',
    'GET http://169.254.169.254/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01',
  ])('below HTTP (%#) does no harm', async (bytes) => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(parsec.url).port), '127.0.0.1', () => socket.end(bytes));
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it('leaves the service as it was', async () => {
    expect((await parsec.post(await lab.form(parsec.url))).status).toBe(200);
    expect((await fetch(`${parsec.managementUrl}/health/ready`)).status).toBe(200);
  });
});
