import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock, type JWK, type PluginLogger, type TrustedIssuer } from '@parsec/plugin-sdk';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import {
  authenticateRequester,
  LocalReplayMarks,
  OutgoingClient,
  TrustedIssuers,
  verifyActor,
  verifySubject,
  type RequesterCredentials,
  type RequesterTrust,
  type VerifiedRequester,
} from './index.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const NOW = Date.UTC(2026, 5, 1);
const SECONDS = NOW / 1000;
const silent: PluginLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** Claims that may be anything. */
type Claims = Readonly<Record<string, unknown>>;

interface Key {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

async function makeKey(alg: string, kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...((await exportJWK(publicKey)) as JWK), kid } };
}

let rsa: Key;
let ec: Key;
let other: Key;
beforeAll(async () => {
  rsa = await makeKey('RS256', 'rsa');
  ec = await makeKey('ES256', 'ec');
  other = await makeKey('ES256', 'other');
});

const trustedIssuer = (changes: Partial<TrustedIssuer>): TrustedIssuer => ({
  name: 'idp',
  issuer: 'https://idp.example',
  keys: { jwks: { keys: [rsa.jwk, ec.jwk] } },
  acceptAs: ['subject'],
  tokenTypes: [ACCESS_TOKEN],
  audiences: ['https://api.example'],
  algorithms: ['RS256', 'ES256'],
  scope: { claim: 'scope' },
  claims: { allow: ['email'], deny: [] },
  clockSkew: 30_000,
  expLeeway: 0,
  maxLifetime: 3_600_000,
  allowBound: false,
  allowReuse: false,
  ...changes,
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open(...issuers: TrustedIssuer[]): Promise<TrustedIssuers> {
  const store = { trustedIssuers: () => issuers };
  const client = new OutgoingClient();
  closers.push(() => client.close());
  const opened = await TrustedIssuers.open(new Map([['store', store]]), {
    directory: '.',
    clock: systemClock,
    logger: silent,
    serviceIdentifiers: ['https://tts.example', 'https://tts.example/v1/token'],
    client,
  });
  closers.push(() => opened.close());
  return opened;
}

const subjectClaims: Claims = {
  iss: 'https://idp.example',
  aud: 'https://api.example',
  sub: 'alice',
  exp: SECONDS + 60,
  iat: SECONDS,
  scope: 'read',
};

const sign = (claims: Claims, key: Key = rsa, header: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: key === rsa ? 'RS256' : 'ES256', kid: key.jwk.kid ?? '', ...header }).sign(key.privateKey);

const nobody = { principal: {}, credential: '', signingInput: '' } as unknown as VerifiedRequester;

const verify = async (token: string, issuers?: TrustedIssuers, tokenType = ACCESS_TOKEN): ReturnType<typeof verifySubject> =>
  verifySubject(
    { token, tokenType },
    nobody,
    { issuers: issuers ?? (await open(trustedIssuer({}))), maxJsonDepth: 32, serviceIdentifiers: ['https://tts.example'] },
    NOW,
  );

const refused = (reason: string): Error =>
  expect.objectContaining({ code: 'PARSEC_SUBJECT_REFUSED', reason: `subject_${reason}` }) as unknown as Error;

describe('a subject token', () => {
  it('tells who the subject is, and only the claims that configuration lets through', async () => {
    const issuers = await open(
      trustedIssuer({ namespace: 'corp', scope: { claim: 'scope', map: new Map([['read', ['trade.read', 'x']]]) } }),
    );
    const { principal, expiresAt } = await verify(
      await sign({ ...subjectClaims, email: 'a@example', phone: '1', scope: 'read write' }),
      issuers,
    );
    expect(principal).toEqual({
      sub: 'corp:alice',
      issuer: 'https://idp.example',
      trustedIssuer: 'idp',
      trustDomain: null,
      tokenType: ACCESS_TOKEN,
      scope: ['trade.read', 'x'],
      audience: ['https://api.example'],
      claims: { email: 'a@example' },
    });
    expect(expiresAt).toBe(SECONDS + 60);
  });

  it.each<[string, unknown, readonly string[] | null]>([
    ['a text', 'a b', ['a', 'b']],
    ['a list', ['a', 'b'], ['a', 'b']],
    ['nothing', undefined, null],
    ['an empty text', '', []],
    ['a number', 7, []],
    ['a list of other things', ['a', 1], []],
  ])('whose scope claim is %s', async (_name, scope, expected) => {
    const { principal } = await verify(await sign({ ...subjectClaims, scope }));
    expect(principal.scope).toEqual(expected);
  });

  const bad: [string, Claims, Record<string, unknown>, string][] = [
    ['expired', { exp: SECONDS }, {}, 'expired'],
    ['without exp', { exp: undefined }, {}, 'expiry_missing'],
    ['with exp in milliseconds', { exp: NOW + 60_000 }, {}, 'expiry_missing'],
    ['with exp beyond reason', { exp: 1e308 }, {}, 'expiry_missing'],
    ['with exp as text', { exp: '9999999999' }, {}, 'expiry_missing'],
    ['not valid yet', { nbf: SECONDS + 31 }, {}, 'not_yet_valid'],
    ['with nbf as text', { nbf: '1' }, {}, 'not_yet_valid'],
    ['issued in the future', { iat: SECONDS + 31 }, {}, 'issued_in_future'],
    ['for somebody else', { aud: 'https://other.example' }, {}, 'audience_mismatch'],
    ['for nobody', { aud: undefined }, {}, 'audience_mismatch'],
    ['for a strange audience', { aud: ['https://api.example', 1] }, {}, 'audience_mismatch'],
    ['without sub', { sub: undefined }, {}, 'subject_invalid'],
    ['with an empty sub', { sub: '' }, {}, 'subject_invalid'],
    ['with a number as sub', { sub: 1 }, {}, 'subject_invalid'],
    ['with a token as sub', { sub: 'eyJhbGciOiJub25lIn0.e30.AA' }, {}, 'subject_invalid'],
    ['with a huge sub', { sub: 'a'.repeat(1025) }, {}, 'subject_invalid'],
    ['of another issuer', { iss: 'https://idp.example/' }, {}, 'issuer_untrusted'],
    ['without issuer', { iss: undefined }, {}, 'issuer_untrusted'],
    ['bound to a key', { cnf: { jkt: 'x' } }, {}, 'key_bound'],
    ['that is a Txn-Token', {}, { typ: 'txntoken+jwt' }, 'kind_mismatch'],
    ['that is a Txn-Token, spelt out', {}, { typ: 'application/TxnToken+JWT' }, 'kind_mismatch'],
    ['that is a logout token', {}, { typ: 'logout+jwt' }, 'kind_mismatch'],
    ['with a typ that is no text', {}, { typ: 1 }, 'header_invalid'],
    ['with a prototype among its claims', { constructor: 1 }, {}, 'malformed'],
  ];
  it.each(bad)('%s is refused', async (_name, claims, header, reason) => {
    await expect(verify(await sign({ ...subjectClaims, ...claims }, rsa, header))).rejects.toThrow(refused(reason));
  });

  it.each(['', '.', '..', 'a.b.c', 'not a token', 'e30.e30.', 'e30.e30.AA.AA', `${'a'.repeat(70_000)}`])(
    '%# that is no JWT is refused',
    async (token) => {
      await expect(verify(token)).rejects.toThrow(refused('malformed'));
    },
  );

  it('in a loose encoding is refused', async () => {
    const token = await sign(subjectClaims, ec);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const stray = signature.slice(0, -1) + String.fromCharCode((signature.codePointAt(signature.length - 1) ?? 0) + 1);
    for (const loose of [`${header}=.${payload}.${signature}`, `${token}==`, `${header}.${payload}.${stray}`, `${token}\n`, ` ${token}`]) {
      await expect(verify(loose)).rejects.toThrow(expect.objectContaining({ code: 'PARSEC_SUBJECT_REFUSED' }) as unknown as Error);
    }
  });

  it('whose signature does not fit is refused', async () => {
    const issuers = await open(trustedIssuer({}));
    const [header, , signature] = (await sign(subjectClaims)).split('.');
    const forged = Buffer.from(JSON.stringify({ ...subjectClaims, sub: 'mallory' })).toString('base64url');
    await expect(verify(`${header}.${forged}.${signature}`, issuers)).rejects.toThrow(refused('signature_invalid'));
    await expect(verify(await sign(subjectClaims, other, { kid: 'ec' }), issuers)).rejects.toThrow(refused('signature_invalid'));
    await expect(verify(await sign(subjectClaims, other), issuers)).rejects.toThrow(refused('key_unknown'));
  });

  it('never chooses its algorithm', async () => {
    const onlyEc = await open(trustedIssuer({ algorithms: ['ES256'] }));
    await expect(verify(await sign(subjectClaims), onlyEc)).rejects.toThrow(refused('algorithm_not_accepted'));
    for (const alg of ['none', 'HS256', 'None', 'ES384', 'constructor']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'rsa' })).toString('base64url');
      const payload = Buffer.from(JSON.stringify(subjectClaims)).toString('base64url');
      await expect(verify(`${header}.${payload}.AA`)).rejects.toThrow(refused('algorithm_not_accepted'));
    }
  });

  it('cannot bring its own key or extension', async () => {
    const token = (header: object): string =>
      `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${Buffer.from(JSON.stringify(subjectClaims)).toString('base64url')}.AA`;
    await expect(verify(token({ alg: 'ES256', jwk: other.jwk }))).rejects.toThrow(refused('signature_invalid'));
    await expect(verify(token({ alg: 'ES256', crit: ['b64'], b64: false }))).rejects.toThrow(refused('header_invalid'));
    await expect(verify(token({ alg: 'ES256', crit: [] }))).rejects.toThrow(refused('header_invalid'));
  });

  it('is verified with the keys of its issuer and no others', async () => {
    const issuers = await open(
      trustedIssuer({ namespace: 'a', keys: { jwks: { keys: [rsa.jwk] } } }),
      trustedIssuer({ name: 'second', issuer: 'https://second.example', namespace: 'b', keys: { jwks: { keys: [ec.jwk] } } }),
    );
    await expect(verify(await sign(subjectClaims, ec), issuers)).rejects.toThrow(refused('key_unknown'));
    const { principal } = await verify(await sign({ ...subjectClaims, iss: 'https://second.example' }, ec), issuers);
    expect(principal.sub).toBe('b:alice');
  });

  it('is taken for what it says it is', async () => {
    const issuers = await open(trustedIssuer({ tokenTypes: [ACCESS_TOKEN, ID_TOKEN] }));
    await expect(verify(await sign(subjectClaims, rsa, { typ: 'at+jwt' }), issuers, ID_TOKEN)).rejects.toThrow(refused('kind_mismatch'));
    const accessToken = { ...subjectClaims, client_id: 'app', jti: 'one' };
    await expect(verify(await sign(accessToken, rsa, { typ: 'at+jwt' }), issuers)).resolves.toBeDefined();
    for (const claim of ['client_id', 'jti', 'iat']) {
      const incomplete = await sign({ ...accessToken, [claim]: undefined }, rsa, { typ: 'application/at+jwt' });
      await expect(verify(incomplete, issuers)).rejects.toThrow(refused('access_token_incomplete'));
    }
    await expect(verify(await sign(subjectClaims), await open(trustedIssuer({ tokenTypes: [ID_TOKEN] })))).rejects.toThrow(
      refused('token_type_not_accepted'),
    );
  });

  it('is about whom its claims say, in the way that configuration reads them', async () => {
    const issuers = await open(trustedIssuer({ namespace: 'corp', subject: 'claims.realm + "/" + claims.email' }));
    const { principal } = await verify(await sign({ ...subjectClaims, realm: 'a', email: 'alice@example' }), issuers);
    expect(principal.sub).toBe('corp:a/alice@example');
    for (const email of [undefined, 1, null, ['x'], {}, 'x'.repeat(2_000)]) {
      await expect(verify(await sign({ ...subjectClaims, realm: 'a', email }), issuers)).rejects.toThrow(refused('subject_invalid'));
    }
    const whole = await open(trustedIssuer({ subject: 'claims.who' }));
    for (const who of ['', 7, true, { sub: 'alice' }, '\ud800']) {
      await expect(verify(await sign({ ...subjectClaims, who }), whole)).rejects.toThrow(
        expect.objectContaining({ code: 'PARSEC_SUBJECT_REFUSED' }) as unknown as Error,
      );
    }
  });

  it('shows no claim that is denied, although another pattern allows it', async () => {
    const issuers = await open(trustedIssuer({ claims: { allow: ['*'], deny: ['phone*', 'sub'] } }));
    const { principal } = await verify(await sign({ ...subjectClaims, email: 'a', phone: '1', phone_number: '2' }), issuers);
    expect(Object.keys(principal.claims).toSorted()).toEqual(['aud', 'email', 'exp', 'iat', 'iss', 'scope']);
  });

  it('is refused when it is too old, whatever its exp says', async () => {
    const issuers = await open(trustedIssuer({ maxAge: 600_000 }));
    await expect(verify(await sign({ ...subjectClaims, iat: SECONDS - 629 }), issuers)).resolves.toBeDefined();
    for (const iat of [SECONDS - 630, undefined]) {
      await expect(verify(await sign({ ...subjectClaims, iat }), issuers)).rejects.toThrow(refused('too_old'));
    }
  });

  it('is not accepted from an issuer of requesters', async () => {
    const issuers = await open(trustedIssuer({ acceptAs: ['requester'], audiences: [] }));
    await expect(verify(await sign(subjectClaims), issuers)).rejects.toThrow(refused('issuer_untrusted'));
  });
});

describe('a key set', () => {
  const weakRsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) as unknown as JWK;
  const unfit: [string, () => unknown][] = [
    ['nothing', () => null],
    ['a number', () => 7],
    ['a symmetric key', () => ({ kty: 'oct', k: 'AAAA', kid: 'rsa' })],
    ['an RSA key of a few bits', () => ({ kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'rsa' })],
    ['an RSA key of 1024 bits', () => ({ ...weakRsa, kid: 'rsa' })],
    ['an RSA key with the exponent 1', () => ({ ...rsa.jwk, e: 'AQ' })],
    ['an RSA key with an even exponent', () => ({ ...rsa.jwk, e: 'AQAC' })],
    ['an RSA key with an endless exponent', () => ({ ...rsa.jwk, e: rsa.jwk.n })],
    ['a key for encryption', () => ({ ...rsa.jwk, use: 'enc' })],
    ['a key with other operations', () => ({ ...rsa.jwk, key_ops: ['encrypt'] })],
    ['a key for HMAC', () => ({ ...rsa.jwk, alg: 'HS256' })],
    ['a point off its curve', () => ({ ...ec.jwk, y: ec.jwk.x, kid: 'rsa' })],
    ['a curve of JavaScript', () => ({ kty: 'EC', crv: 'constructor', x: 'AA', y: 'AA', kid: 'rsa' })],
    ['a key for key agreement', () => ({ kty: 'OKP', crv: 'X25519', x: ec.jwk.x })],
  ];

  it.each(unfit)('that holds only %s is of no use', async (_name, jwk) => {
    await expect(open(trustedIssuer({ keys: { jwks: { keys: [jwk() as JWK] } } }))).rejects.toThrow('none of its keys is usable');
  });

  it('works although all of these stand beside the good key', async () => {
    const decoys = unfit.map(([, jwk]) => jwk() as JWK);
    const sameKid = { ...(await makeKey('RS256', 'rsa')).jwk };
    const issuers = await open(
      trustedIssuer({ keys: { jwks: { keys: [...Array.from({ length: 20 }, () => decoys).flat(), sameKid, other.jwk, rsa.jwk] } } }),
    );
    await expect(verify(await sign(subjectClaims), issuers)).resolves.toBeDefined();
  });

  it('must be readable where it is in a file', async () => {
    await expect(open(trustedIssuer({ keys: { jwksFile: 'does-not-exist.json' } }))).rejects.toThrow('cannot be read');
  });
});

describe('keys behind a jwks_uri', () => {
  let server: Server;
  let requests = 0;

  async function serve(listener: RequestListener): Promise<string> {
    requests = 0;
    server = createServer((request, response) => {
      requests += 1;
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  }

  const remote = (jwksUri: string): TrustedIssuer => trustedIssuer({ keys: { jwksUri, allowHttp: false } });

  it('are fetched ahead, and a request that comes first waits for them', async () => {
    const url = await serve((_request, response) => response.end(JSON.stringify({ keys: [rsa.jwk] })));
    const issuers = await open(remote(url));
    await Promise.all(Array.from({ length: 20 }, async () => verify(await sign(subjectClaims), issuers)));
    expect(requests).toBe(1);
    expect(issuers.health().get('idp')).toEqual({ status: 'up' });
  });

  it('are fetched again for an unknown kid, once in a cool-down', async () => {
    let keys = [ec.jwk];
    const url = await serve((_request, response) => response.end(JSON.stringify({ keys })));
    const issuers = await open(remote(url));
    await verify(await sign(subjectClaims, ec), issuers);
    keys = [ec.jwk, rsa.jwk];
    await verify(await sign(subjectClaims), issuers);
    expect(requests).toBe(2);
    const unknown = await sign(subjectClaims, other);
    await Promise.all(Array.from({ length: 50 }, () => expect(verify(unknown, issuers)).rejects.toThrow(refused('key_unknown'))));
    expect(requests).toBe(2);
    await verify(await sign(subjectClaims, ec), issuers);
  });

  it.each<[string, RequestListener]>([
    ['an error', (_request, response) => response.writeHead(500).end('{}')],
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/other' }).end()],
    ['no JSON', (_request, response) => response.end('<html>')],
    ['no key set', (_request, response) => response.end('{"keys":{}}')],
    ['an empty key set', (_request, response) => response.end('{"keys":[]}')],
    ['megabytes', (_request, response) => response.end(JSON.stringify({ keys: [rsa.jwk], more: 'x'.repeat(1_000_000) }))],
    ['a reset', (request) => void request.socket.destroy()],
  ])('that answer with %s leave the issuer unavailable, not the service', async (_name, listener) => {
    const issuers = await open(remote(await serve(listener)));
    await expect(verify(await sign(subjectClaims), issuers)).rejects.toThrow(
      expect.objectContaining({ code: 'PARSEC_UNAVAILABLE' }) as unknown as Error,
    );
    expect(issuers.health().get('idp')?.status).toBe('down');
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://[::ffff:169.254.169.254]/',
    'http://idp.example/jwks',
    'https://[fe80::1]/jwks',
    'ftp://127.0.0.1/x',
  ])('are never fetched from %s', async (url) => {
    const issuers = await open(remote(url));
    await expect(verify(await sign(subjectClaims), issuers)).rejects.toThrow(/is not an https URL|is at a forbidden address/);
  });
});

describe('a requester', () => {
  const SERVICE = 'https://tts.example';
  const assertionClaims: Claims = {
    iss: 'https://workloads.example',
    sub: 'gateway',
    aud: SERVICE,
    exp: SECONDS + 60,
    iat: SECONDS,
    jti: 'one',
  };
  const workloads = (changes: Partial<TrustedIssuer> = {}): TrustedIssuer =>
    trustedIssuer({
      name: 'workloads',
      issuer: 'https://workloads.example',
      acceptAs: ['requester'],
      tokenTypes: [],
      audiences: [],
      ...changes,
    });

  async function trust(...issuers: TrustedIssuer[]): Promise<RequesterTrust> {
    return {
      methods: ['jwt_bearer'],
      issuers: await open(...issuers),
      replayMarks: new LocalReplayMarks({ ...systemClock, now: () => NOW }),
      serviceIdentifiers: [SERVICE, `${SERVICE}/v1/token`],
      maxJsonDepth: 32,
    };
  }

  const bearer = (token: string): RequesterCredentials => ({
    assertion: { type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', token },
    hasClientSecret: false,
  });

  const rejects = (reason: string): Error =>
    expect.objectContaining({ code: 'PARSEC_REQUESTER_UNAUTHENTICATED', reason }) as unknown as Error;

  it('is who its assertion says', async () => {
    const { principal } = await authenticateRequester(
      bearer(await sign(assertionClaims, ec)),
      await trust(workloads({ namespace: 'w' })),
      NOW,
    );
    expect(principal.sub).toBe('w:gateway');
  });

  it('may use an assertion once', async () => {
    const trusted = await trust(workloads());
    const assertion = bearer(await sign(assertionClaims, ec));
    await authenticateRequester(assertion, trusted, NOW);
    await expect(authenticateRequester(assertion, trusted, NOW)).rejects.toThrow(rejects('assertion_replayed'));
    await authenticateRequester(bearer(await sign({ ...assertionClaims, jti: 'two' }, ec)), trusted, NOW);
  });

  it('may use an assertion again only where its issuer is known to hand out such', async () => {
    const trusted = await trust(workloads({ allowReuse: true }));
    const assertion = bearer(await sign(assertionClaims, ec));
    await authenticateRequester(assertion, trusted, NOW);
    await expect(authenticateRequester(assertion, trusted, NOW)).resolves.toBeDefined();
  });

  it('may use an identifier that another issuer used', async () => {
    const trusted = await trust(
      workloads({ namespace: 'a' }),
      workloads({ name: 'others', issuer: 'https://others.example', namespace: 'b' }),
    );
    await authenticateRequester(bearer(await sign(assertionClaims, ec)), trusted, NOW);
    await expect(
      authenticateRequester(bearer(await sign({ ...assertionClaims, iss: 'https://others.example' }, ec)), trusted, NOW),
    ).resolves.toBeDefined();
  });

  it('uses up one of many concurrent copies', async () => {
    const trusted = await trust(workloads());
    const assertion = bearer(await sign(assertionClaims, ec));
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => authenticateRequester(assertion, trusted, NOW)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each<[string, Claims, string]>([
    ['for somebody else', { aud: 'https://other.example' }, 'assertion_audience_mismatch'],
    ['that lives too long', { exp: SECONDS + 3601 }, 'assertion_lifetime_too_long'],
    ['that lived too long already', { iat: SECONDS - 3600 }, 'assertion_lifetime_too_long'],
    ['that hides its age in the future', { iat: SECONDS + 20, exp: SECONDS + 3610 }, 'assertion_lifetime_too_long'],
    ['without iat that lives too long', { iat: undefined, exp: SECONDS + 3601 }, 'assertion_lifetime_too_long'],
    ['without exp', { exp: undefined }, 'assertion_expiry_missing'],
    ['with a number as jti', { jti: 1 }, 'assertion_jti_invalid'],
    ['with an endless jti', { jti: 'j'.repeat(257) }, 'assertion_jti_invalid'],
    ['of an unknown issuer', { iss: 'https://nobody.example' }, 'assertion_issuer_untrusted'],
  ])('with an assertion %s is nobody', async (_name, claims, reason) => {
    const assertion = bearer(await sign({ ...assertionClaims, ...claims }, ec));
    await expect(authenticateRequester(assertion, await trust(workloads()), NOW)).rejects.toThrow(rejects(reason));
  });

  it.each(['txntoken+jwt', 'at+jwt', 'logout+jwt'])('cannot use a %s as assertion', async (typ) => {
    const assertion = bearer(await sign(assertionClaims, ec, { typ }));
    await expect(authenticateRequester(assertion, await trust(workloads()), NOW)).rejects.toThrow(rejects('assertion_kind_mismatch'));
  });

  it('may address the token endpoint', async () => {
    const assertion = bearer(await sign({ ...assertionClaims, aud: ['x', `${SERVICE}/v1/token`] }, ec));
    await expect(authenticateRequester(assertion, await trust(workloads()), NOW)).resolves.toBeDefined();
    const narrowed = await trust(workloads({ audiences: [SERVICE] }));
    await expect(authenticateRequester(assertion, narrowed, NOW)).rejects.toThrow(rejects('assertion_audience_mismatch'));
  });

  it('must be the client it says it is', async () => {
    const trusted = await trust(workloads({ namespace: 'w' }));
    const next = (jti: string): Promise<string> => sign({ ...assertionClaims, jti }, ec);
    await authenticateRequester({ ...bearer(await next('1')), clientId: 'gateway' }, trusted, NOW);
    await authenticateRequester({ ...bearer(await next('2')), clientId: 'w:gateway' }, trusted, NOW);
    await expect(authenticateRequester({ ...bearer(await next('3')), clientId: 'other' }, trusted, NOW)).rejects.toThrow(
      rejects('assertion_client_id_mismatch'),
    );
  });

  it('tries one method, and one that is configured', async () => {
    const trusted = await trust(workloads());
    const assertion = bearer(await sign(assertionClaims, ec));
    const ambiguous = expect.objectContaining({ code: 'PARSEC_REQUESTER_AMBIGUOUS' }) as unknown as Error;
    await expect(authenticateRequester({ ...assertion, hasClientSecret: true }, trusted, NOW)).rejects.toThrow(ambiguous);
    await expect(authenticateRequester({ ...assertion, authorization: { scheme: 'Basic', token: 'x' } }, trusted, NOW)).rejects.toThrow(
      ambiguous,
    );
    await expect(authenticateRequester({ hasClientSecret: false }, trusted, NOW)).rejects.toThrow(rejects('credential_missing'));
    await expect(
      authenticateRequester({ hasClientSecret: false, authorization: { scheme: 'Basic', token: 'x' } }, trusted, NOW),
    ).rejects.toThrow(expect.objectContaining({ scheme: 'Basic', reason: 'method_not_configured' }) as unknown as Error);
    const spiffe = { assertion: { type: 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe', token: 'x' }, hasClientSecret: false };
    await expect(authenticateRequester(spiffe, trusted, NOW)).rejects.toThrow(rejects('method_not_configured'));
  });

  it('may present its assertion in an Authorization header where that is configured', async () => {
    const trusted = { ...(await trust(workloads())), methods: ['bearer'] as const };
    const header = async (scheme: string, jti: string): Promise<RequesterCredentials> => ({
      authorization: { scheme, token: await sign({ ...assertionClaims, jti }, ec) },
      hasClientSecret: false,
    });
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) await authenticateRequester(await header(scheme, scheme), trusted, NOW);
    await expect(authenticateRequester(await header('Bearer', 'Bearer'), trusted, NOW)).rejects.toThrow(
      expect.objectContaining({ scheme: 'Bearer', reason: 'assertion_replayed' }) as unknown as Error,
    );
    await expect(authenticateRequester(await header('DPoP', 'new'), trusted, NOW)).rejects.toThrow(rejects('method_not_configured'));
    const assertion = bearer(await sign({ ...assertionClaims, jti: 'other' }, ec));
    await expect(authenticateRequester(assertion, trusted, NOW)).rejects.toThrow(rejects('method_not_configured'));
    const unconfigured = { ...trusted, methods: ['jwt_bearer'] as const };
    await expect(authenticateRequester(await header('Bearer', 'new'), unconfigured, NOW)).rejects.toThrow(rejects('method_not_configured'));
  });

  it('may bring an actor, whose token is neither its assertion nor the subject token', async () => {
    const people = trustedIssuer({ namespace: 'p', acceptAs: ['subject', 'actor'] });
    const trusted = await trust(workloads(), people);
    const requester = await authenticateRequester(bearer(await sign(assertionClaims, ec)), trusted, NOW);
    const token = await sign(subjectClaims);
    const subject = await verifySubject({ token, tokenType: ACCESS_TOKEN }, requester, trusted, NOW);
    const actOn = (actor: string): ReturnType<typeof verifyActor> =>
      verifyActor({ token: actor, tokenType: ACCESS_TOKEN }, { requester, subject }, trusted, NOW);
    expect((await actOn(await sign({ ...subjectClaims, sub: 'bob' }))).principal.sub).toBe('p:bob');
    const refusal = (reason: string): Error => expect.objectContaining({ code: 'PARSEC_SUBJECT_REFUSED', reason }) as unknown as Error;
    await expect(actOn(token)).rejects.toThrow(refusal('actor_is_another_credential'));
    await expect(actOn(await sign({ ...subjectClaims, exp: SECONDS }))).rejects.toThrow(refusal('actor_expired'));
    const subjectsOnly = await trust(workloads(), trustedIssuer({ namespace: 'p' }));
    await expect(
      verifyActor({ token: await sign(subjectClaims), tokenType: ACCESS_TOKEN }, { requester, subject }, subjectsOnly, NOW),
    ).rejects.toThrow(refusal('actor_issuer_untrusted'));
  });

  it('cannot present its assertion as subject token too', async () => {
    const both = workloads({ acceptAs: ['requester', 'subject'], tokenTypes: [ACCESS_TOKEN], audiences: [SERVICE] });
    const trusted = await trust(both);
    const token = await sign(assertionClaims, ec);
    const requester = await authenticateRequester(bearer(token), trusted, NOW);
    await expect(verifySubject({ token, tokenType: ACCESS_TOKEN }, requester, trusted, NOW)).rejects.toThrow(
      refused('is_another_credential'),
    );
  });
});

describe('replay marks', () => {
  it('are forgotten when the assertion would have expired, and never before', async () => {
    let now = NOW;
    const marks = new LocalReplayMarks({ ...systemClock, now: () => now }, 2);
    expect(await marks.claim('a', NOW + 60_000)).toBe(true);
    expect(await marks.claim('b', NOW + 600_000)).toBe(true);
    await expect(marks.claim('c', NOW + 60_000)).rejects.toThrow('no room');
    now = NOW + 59_999;
    expect(await marks.claim('a', NOW + 60_000)).toBe(false);
    now = NOW + 120_000;
    expect(await marks.claim('c', now + 1)).toBe(true);
    expect(await marks.claim('b', NOW + 600_000)).toBe(false);
  });
});
