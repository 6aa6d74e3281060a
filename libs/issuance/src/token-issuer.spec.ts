import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Signer } from '@parsec/keys';
import { systemClock, type JsonObject } from '@parsec/plugin-sdk';
import { FakeKeyManager, RecordingLogger } from '@parsec/plugin-testing';
import { LocalState } from '@parsec/state';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { TokenIssuer, type IssuedToken, type TokenFacts, type TokenIssuerOptions } from './index.js';

const NOW = Date.UTC(2026, 5, 1) + 999;
const SECONDS = Math.floor(NOW / 1000);
const signal = new AbortController().signal;

describe('a Txn-Token', () => {
  let signer: Signer;

  beforeAll(async () => {
    signer = await Signer.open({
      name: 'main',
      algorithm: 'ES256',
      keyManager: 'keys',
      keyManagers: new Map([['keys', new FakeKeyManager()]]),
      rotation: { every: 86_400_000, publishAhead: 3_600_000 },
      maxAge: 300_000,
      tokenLifetime: 120_000,
      documents: new LocalState(join(tmpdir(), 'parsec-nowhere')).documents('main', () => undefined),
      replica: { name: 'local', sharedKeys: false, timeout: 600_000 },
      clock: systemClock,
      logger: new RecordingLogger(),
      observer: { signed: () => {}, failed: () => {}, rotated: () => {}, rotationFailed: () => {} },
    });
  });

  afterAll(() => signer.close());

  const issue = (facts: Partial<TokenFacts> = {}, options: Partial<TokenIssuerOptions> = {}): Promise<IssuedToken> =>
    new TokenIssuer({ tokenType: 't', signer, trustDomain: 'trust-domain.example', ttl: 120_000, maxTokenSize: 8192, ...options }).issue(
      { sub: 'corp:alice', requester: 'gateway', scope: ['a', 'b'], claims: {}, now: NOW, credentials: [], ...facts },
      signal,
    );

  it('says what it has to, and nothing else', async () => {
    const { token, txn, expiresIn } = await issue({ claims: { tctx: { action: 'BUY' }, rctx: {} } });
    expect(decodeProtectedHeader(token)).toEqual({ typ: 'txntoken+jwt', alg: 'ES256', kid: signer.publicKeys[0]?.kid });
    expect(decodeJwt(token)).toEqual({
      iat: SECONDS,
      exp: SECONDS + 120,
      aud: 'trust-domain.example',
      txn,
      sub: 'corp:alice',
      scope: 'a b',
      req_wl: 'gateway',
      tctx: { action: 'BUY' },
      rctx: {},
    });
    expect(expiresIn).toBe(120);
  });

  it('names its issuer where that is configured', async () => {
    expect(decodeJwt((await issue({}, { issuer: 'https://tts.example' })).token).iss).toBe('https://tts.example');
  });

  it('ends as soon as its issuer, the policy or the credential says', async () => {
    const endOf = async (facts: Partial<TokenFacts>): Promise<number> => ((await issue(facts)) as { expiresIn: number }).expiresIn;
    expect(await endOf({ maxTtl: 60_000 })).toBe(60);
    expect(await endOf({ maxTtl: 600_000 })).toBe(120);
    expect(await endOf({ notAfter: SECONDS + 30.9 })).toBe(30);
    expect(await endOf({ notAfter: SECONDS + 3600 })).toBe(120);
  });

  it('is not issued where the credential ends before it could begin', async () => {
    await expect(issue({ notAfter: SECONDS + 0.5 })).rejects.toMatchObject({ code: 'PARSEC_SUBJECT_REFUSED', reason: 'subject_expired' });
  });

  it.each<[string, Partial<TokenFacts>, string]>([
    [
      'a token',
      { claims: { tctx: { deep: [{ x: `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.` }] } } },
      'tctx.deep[0].x',
    ],
    [
      'a credential of this request',
      { claims: { rctx: { x: 'it is opaque-credential-123' } }, credentials: ['opaque-credential-123'] },
      'rctx.x',
    ],
  ])('never holds %s', async (_name, facts, place) => {
    await expect(issue(facts)).rejects.toMatchObject({
      code: 'PARSEC_TOKEN_CREDENTIAL',
      message: expect.stringContaining(place) as unknown as string,
    });
  });

  it('is no larger than allowed', async () => {
    const claims: { tctx: JsonObject } = { tctx: { blob: 'x'.repeat(7000) } };
    await expect(issue({ claims })).rejects.toMatchObject({ code: 'PARSEC_TOKEN_TOO_LARGE' });
    expect((await issue({ claims }, { maxTokenSize: 16_384 })).token.length).toBeGreaterThan(8192);
  });
});
