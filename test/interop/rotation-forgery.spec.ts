import { expect, it } from '@jest/globals';
import { Redis as RedisClient } from 'ioredis';
import { calculateJwkThumbprint } from 'jose';
import { Lab, makeLabKey, TRUST_DOMAIN } from '../support/lab.js';
import { until } from '../support/until.js';
import { describeWith } from './peers.js';
import { Fleet, publishedBy, sharedState } from './support/fleet.js';
import { startRedis } from './support/redis.js';

/** A limit for tests that hang, not a measure. */
const LIMIT = 120_000;
/** The hash in which replicas of this trust domain keep what they share of the signer `main`. */
const FIELDS = `parsec:{${TRUST_DOMAIN}/main}:fields`;
const lab = await Lab.open();

/** Redis is no root of trust: who can write to it can hold up rotation, and can make nobody believe in a key. */
describeWith(['redis-server'], 'somebody who can write to Redis', () => {
  const expectUnharmed = async (body: (fleet: Fleet, client: RedisClient, url: string) => Promise<void>): Promise<void> => {
    const redis = await startRedis();
    const client = new RedisClient(redis.url);
    const fleet = await Fleet.open(lab);
    try {
      await Promise.all(['one', 'two'].map((name) => fleet.start(name, sharedState(redis.url, name))));
      await fleet.joined('one', 'two');
      await fleet.agreed();
      await body(fleet, client, redis.url);
      expect(fleet.harm).toEqual([]);
    } finally {
      await fleet.close();
      client.disconnect();
      await redis.stop();
    }
  };
  const isRejection =
    (...fields: readonly string[]) =>
    (line: Readonly<Record<string, unknown>>): boolean =>
      line['msg'] === 'ignored entries of the shared state that are not sealed with the secret' &&
      // The owner of one of them may have replaced it before this replica looked.
      Number(line['entries']) >= fields.length - 1 &&
      fields.includes(String(line['field']));

  it.concurrent(
    'cannot publish a key of its own',
    () =>
      expectUnharmed(async (fleet, client) => {
        const { jwk } = await makeLabKey('ES256');
        const kid = await calculateJwkThumbprint(jwk);
        const genuine = (await client.hget(FIELDS, 'document:ring:one')) ?? '';
        const [seal = '', text = ''] = [genuine.slice(0, genuine.indexOf('.')), genuine.slice(genuine.indexOf('.') + 1)];
        const ring = JSON.parse(text) as { readonly version: number; readonly keys: readonly object[] };
        const key = { ...ring.keys[0], kid, jwk: { ...jwk, kid, use: 'sig', alg: 'ES256' } };
        const forged = JSON.stringify({ ...ring, version: ring.version + 100, keys: [...ring.keys, key] });

        const entries: Readonly<Record<string, string>> = {
          'document:ring:mallory': forged,
          'document:ring:eve': `${seal}.${forged}`,
          // What is sealed is sealed for its place.
          'document:ring:trudy': genuine,
          'replica:mallory': JSON.stringify({ beat: 1, uses: [], publishes: [] }),
          'document:ring:one': `${seal}.${forged}`,
        };
        await client.hset(FIELDS, entries);
        for (const name of ['one', 'two']) await fleet.server(name).logged(isRejection(...Object.keys(entries)));
        await fleet.rotated(2);
        for (const name of ['one', 'two']) expect(await fleet.published(name)).not.toContain(kid);
        await fleet.agreed();
      }),
    LIMIT,
  );

  it.concurrent(
    'cannot be a replica without knowing the secret',
    () =>
      expectUnharmed(async (fleet, _client, url) => {
        const stranger = await Fleet.open(lab);
        try {
          const secret = 'something-that-the-others-do-not-know';
          await stranger.start('stranger', sharedState(url, 'stranger', { secret }));
          await stranger.joined('stranger');
          for (const name of ['one', 'two'])
            await fleet.server(name).logged(({ msg }) => msg.startsWith('ignored entries of the shared state'));
          await stranger.rotated(1);
          await fleet.rotated(1);
          const [ours, theirs] = [await fleet.published('one'), await stranger.published('stranger')];
          expect(ours.filter((kid) => theirs.includes(kid))).toEqual([]);
          expect(stranger.harm).toEqual([]);
        } finally {
          await stranger.close();
        }
      }),
    LIMIT,
  );

  it.concurrent(
    'cannot bring back a revoked key with an old entry',
    () =>
      expectUnharmed(async (fleet, client, url) => {
        const field = 'document:ring:one';
        const old = (await client.hget(FIELDS, field)) ?? '';
        const [kid = ''] = fleet.signed('one').slice(-1);
        await fleet.rotated(1, ['one']);
        fleet.verifiers.forget(kid);
        await revoke(fleet.server('two').managementUrl, kid);
        await until('nobody publishes it', async () => !(await everywhere(fleet, 'one', 'two')).includes(kid));

        await client.hset(FIELDS, field, old);
        // Also one that has never seen what came after it.
        const third = fleet.start('three', sharedState(url, 'three'));
        await until('its owner has put that right', async () => {
          expect(await everywhere(fleet, 'one', 'two')).not.toContain(kid);
          return (await client.hget(FIELDS, field)) !== old;
        });
        await third;
        await fleet.joined('three');
        await fleet.rotated(1);
        expect(await everywhere(fleet, 'one', 'two', 'three')).not.toContain(kid);
        await fleet.server('one').logged(({ msg }) => msg.startsWith('somebody else changes the keys of this replica'));
      }),
    LIMIT,
  );

  const everywhere = async (fleet: Fleet, ...names: readonly string[]): Promise<readonly string[]> =>
    (await Promise.all(names.map((name) => publishedBy(fleet.server(name))))).flat();

  const revoke = async (managementUrl: string, kid: string): Promise<void> => {
    const answer = await fetch(`${managementUrl}/admin/keys/${kid}/revoke`, {
      method: 'POST',
      headers: { authorization: 'Bearer an-admin-token-for-tests' },
    });
    expect(answer.status).toBe(200);
  };
});
