import { describe, expect, it } from '@jest/globals';
import type { JWK } from '@parsec/plugin-sdk';
import { maxAgeFor, PublishedKeys, type KeyPublisher } from './index.js';

const key = (kid: string): JWK => ({ kty: 'EC', kid });

function publisher(...kids: string[]): { -readonly [Member in keyof KeyPublisher]: KeyPublisher[Member] } {
  return { isSynced: true, isCacheable: true, publicKeys: kids.map(key), refresh: () => Promise.resolve() };
}

describe('the published keys', () => {
  it('are those of all signers, as a JWK Set, each key once', async () => {
    const published = new PublishedKeys([publisher('a', 'b'), publisher('c', 'a')], 300_000);
    const { body, maxAge } = await published.document();
    expect(JSON.parse(body)).toEqual({ keys: [key('a'), key('b'), key('c')] });
    expect(maxAge).toBe(300);
  });

  it('change with a signer, and their entity tag with them', async () => {
    const signer = publisher('a');
    const published = new PublishedKeys([signer], 300_000);
    const before = await published.document();
    expect(await published.document()).toEqual(before);
    signer.publicKeys = [key('b')];
    const after = await published.document();
    expect(JSON.parse(after.body)).toEqual({ keys: [key('b')] });
    expect(after.etag).not.toBe(before.etag);
  });

  it('have a strong entity tag that tells their content', async () => {
    const documents = ['a', 'a', 'b'].map((kid) => new PublishedKeys([publisher(kid)], 300_000).document());
    const [one, same, other] = (await Promise.all(documents)).map(({ etag }) => etag);
    expect(one).toMatch(/^"[A-Za-z0-9_-]{43}"$/);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });

  it('may not be kept while a key is to come that will sign at once', async () => {
    const late = { ...publisher(), isCacheable: false };
    const published = new PublishedKeys([publisher('a'), late], 300_000);
    expect((await published.document()).maxAge).toBe(0);
    late.isCacheable = true;
    expect((await published.document()).maxAge).toBe(300);
  });

  it('are not shown before it is known what they are, and looked after first', async () => {
    const signer = { ...publisher('a'), isSynced: false };
    const published = new PublishedKeys([signer], 300_000);
    await expect(published.document()).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    signer.refresh = async () => {
      signer.isSynced = true;
    };
    await expect(published.document()).resolves.toBeDefined();
  });
});

it.each([
  [[3_600_000], 300_000],
  [[3_600_000, 5_999], 5_000],
  [[1_000], 1_000],
])('verifiers keep keys that are published %s ms ahead for %d ms', (publishAhead, maxAge) => {
  expect(maxAgeFor(publishAhead)).toBe(maxAge);
});
