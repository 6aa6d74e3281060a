import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Lab } from '../support/lab.js';
import { SeverableProxy } from '../support/severable-proxy.js';
import { until } from '../support/until.js';
import { describeWith } from './peers.js';
import { FAST, Fleet, sharedState } from './support/fleet.js';
import { startRedis } from './support/redis.js';
import type { Redis } from '../support/redis-server.js';

/** A limit for tests that hang, not a measure. */
const LIMIT = 240_000;
const lab = await Lab.open();

/** How replicas can keep their keys. */
const KEYS = {
  'files of its own': () => ({}),
  'memory of its own': () => ({ key_managers: { local: { type: 'memory' } } }),
  'one directory for all': (directory: string) => ({
    key_managers: { local: { type: 'file', options: { directory: join(directory, 'shared-keys') } } },
    signers: { main: { key_manager: 'local', shared_keys: true, rotation: FAST } },
  }),
} as const;

/** Three replicas over a real Redis, by the wall clock: whatever happens to one of them, no verifier refuses a token of any. */
describeWith(['redis-server'], 'the keys of three replicas', () => {
  const expectUnharmed = async (
    keys: keyof typeof KEYS,
    timeout: string,
    body: (fleet: Fleet, redis: Redis, changes: Changes) => Promise<void>,
  ): Promise<void> => {
    const redis = await startRedis();
    const fleet = await Fleet.open(lab);
    await mkdir(join(fleet.directory, 'shared-keys'));
    const changes: Changes = (name, url = redis.url) => ({
      ...KEYS[keys](fleet.directory),
      ...sharedState(url, name, { replica_timeout: timeout }),
    });
    try {
      await Promise.all(['one', 'two'].map((name) => fleet.start(name, changes(name))));
      await fleet.joined('one', 'two');
      await body(fleet, redis, changes);
      expect(fleet.harm).toEqual([]);
      expect(fleet.verifiers.checks).toBeGreaterThan(0);
    } finally {
      await fleet.close();
      await redis.stop();
    }
  };
  type Changes = (name: string, redisUrl?: string) => object;

  it.concurrent.each(Object.keys(KEYS) as (keyof typeof KEYS)[])(
    'with %s rotate while replicas come, stand still, crash and come back',
    (keys) =>
      expectUnharmed(keys, '10s', async (fleet, _redis, changes) => {
        const begun = performance.now();
        await fleet.rotated(1);

        await fleet.start('three', changes('three'));
        // Nobody has fetched a key of its own yet.
        if (keys !== 'one directory for all') expect(await fleet.isReady('three')).toBe(false);
        await fleet.joined('three');
        await fleet.rotated(1);
        await fleet.agreed();

        fleet.pause('two');
        await fleet.rotated(1, ['one', 'three']);
        // The first may have been under way already; the second went past the one that stands still.
        await fleet.rotated(1, ['one', 'three']);
        await fleet.resume('two');
        await fleet.rotated(1);
        await fleet.agreed();

        await fleet.end('three', 'SIGKILL');
        await fleet.start('three', changes('three'));
        await fleet.joined('three');
        await fleet.rotated(1);
        await fleet.agreed();
        await fleet.end('one');
        await fleet.start('one', changes('one'));
        await fleet.joined('one');
        await fleet.rotated(1);

        const kids = new Set(['one', 'two', 'three'].flatMap((name) => fleet.signed(name)));
        const intervals = (performance.now() - begun) / 4_000;
        // Each key signs for four seconds at least; the first one began a little before.
        if (keys === 'one directory for all') expect(kids.size).toBeLessThanOrEqual(intervals + 2);
        else expect(kids.size).toBeGreaterThan(intervals);
      }),
    LIMIT,
  );

  it.concurrent(
    'sign on while Redis stands still, and while there is none, and rotate again with an empty one',
    () =>
      expectUnharmed('files of its own', '10s', async (fleet, redis, changes) => {
        await fleet.start('three', changes('three'));
        await fleet.joined('three');
        await fleet.rotated(1);

        const outage = async (): Promise<void> => {
          const answered = fleet.load.requests;
          await until('replicas say that the state is out', () =>
            ['one', 'two', 'three'].every((name) =>
              fleet.server(name).log.some(({ msg }) => msg === 'the rotation of a signer is held up; its key goes on signing'),
            ),
          );
          await until('a hundred requests were sent', () => fleet.load.requests >= answered + 100);
        };
        redis.pause();
        await outage();
        redis.resume();
        await fleet.rotated(2);
        await fleet.agreed();

        await redis.stop();
        await outage();
        const empty = await startRedis(redis.port);
        await fleet.rotated(2);
        await fleet.agreed();
        await empty.stop();
      }),
    LIMIT,
  );

  it.concurrent(
    'wait for one that is cut off from Redis, which signs on',
    () =>
      expectUnharmed('files of its own', '60s', async (fleet, redis, changes) => {
        const wire = await SeverableProxy.open(redis.port);
        await fleet.start('three', changes('three', `redis://127.0.0.1:${wire.port}`));
        await fleet.joined('three');
        await fleet.rotated(1);

        wire.sever();
        const requests = fleet.load.requests;
        await until('several rotations would have been due', () => fleet.load.requests >= requests + 240);
        expect(await fleet.published('three')).toEqual(
          expect.arrayContaining(['one', 'two', 'three'].map((name) => fleet.signed(name).at(-1))),
        );
        wire.mend();
        await fleet.rotated(2);
        await fleet.agreed();
        await wire.close();
      }),
    LIMIT,
  );

  it.concurrent(
    'wait no longer than replica_timeout, and go on verifying what one that is cut off signs',
    () =>
      expectUnharmed('files of its own', '10s', async (fleet, redis, changes) => {
        const wire = await SeverableProxy.open(redis.port);
        await fleet.start('three', changes('three', `redis://127.0.0.1:${wire.port}`));
        await fleet.joined('three');
        await fleet.rotated(1);

        wire.sever();
        // What it publishes lacks the keys that the others go on with: who runs it must not let verifiers have that.
        fleet.hideKeysOf('three');
        await fleet.rotated(3, ['one', 'two']);
        wire.mend();
        await fleet.agreed();
        fleet.hideKeysOf('three', false);
        await fleet.rotated(2);
        await wire.close();
      }),
    LIMIT,
  );
});
