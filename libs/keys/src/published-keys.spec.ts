import { describe, expect, it } from '@jest/globals';
import type { JWK } from '@parsec/plugin-sdk';
import { PublishedKeys } from './index.js';

const key = (kid: string): JWK => ({ kty: 'EC', kid });

describe('the published keys', () => {
  it('are those of all signers, as a JWK Set that may be kept for 300 s', () => {
    const published = new PublishedKeys([
      { ready: true, publicKeys: [key('a'), key('b')] },
      { ready: true, publicKeys: [key('c')] },
    ]);
    expect(JSON.parse(published.document.body)).toEqual({ keys: [key('a'), key('b'), key('c')] });
    expect(published.document.maxAge).toBe(300);
  });

  it('stay the same document until a signer changes', () => {
    const signer = { ready: true, publicKeys: [key('a')] };
    const published = new PublishedKeys([signer]);
    const before = published.document;
    expect(published.document).toBe(before);
    signer.publicKeys = [key('b')];
    expect(JSON.parse(published.document.body)).toEqual({ keys: [key('b')] });
    expect(published.document.etag).not.toBe(before.etag);
  });

  it('have a strong entity tag that tells their content', () => {
    const [one, same, other] = ['a', 'a', 'b'].map((kid) => new PublishedKeys([{ ready: true, publicKeys: [key(kid)] }]).document.etag);
    expect(one).toMatch(/^"[A-Za-z0-9_-]{43}"$/);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });

  it('may not be kept while a signer has no key', () => {
    const late: { ready: boolean; publicKeys: JWK[] } = { ready: false, publicKeys: [] };
    const published = new PublishedKeys([{ ready: true, publicKeys: [key('a')] }, late]);
    expect(published.document.maxAge).toBe(0);
    Object.assign(late, { ready: true, publicKeys: [key('b')] });
    expect(published.document.maxAge).toBe(300);
  });
});
