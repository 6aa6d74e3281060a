import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Lab } from '../support/lab.js';
import { startParsec, type ParsecServer } from '../support/parsec-server.js';
import { describeWith } from './peers.js';
import type { Redis } from '../support/redis-server.js';
import { startRedis } from './support/redis.js';

describeWith(['redis-server'], 'an assertion that was used', () => {
  let lab: Lab;
  let redis: Redis;
  let replicas: ParsecServer[];

  beforeAll(async () => {
    [lab, redis] = await Promise.all([Lab.open(), startRedis()]);
    replicas = await Promise.all(
      (['refuse', 'refuse', 'local'] as const).map((onOutage, index) =>
        startParsec((url) => ({
          ...lab.configuration(url),
          // Both are the same service to a requester.
          server: { issuer: 'https://tts.trust-domain.example' },
          signers: { main: { key_manager: 'local', rotation: { every: '1h', publish_ahead: '1s' } } },
          state: { type: 'redis', url: redis.url, secret: 'a secret that all of the replicas know', replica: `r${index}` },
          replay: { on_outage: onOutage },
        })),
      ),
    );
    for (const replica of replicas) await replica.logged(({ msg }) => msg === 'signer is ready');
  });

  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await redis.stop();
  });

  const form = () => lab.form('https://tts.trust-domain.example');
  const post = async (replica: number, body: URLSearchParams) => (await replicas[replica]?.post(body))?.status;

  it('is refused by every replica', async () => {
    const body = await form();
    expect(await post(0, body)).toBe(200);
    for (const replica of [0, 1, 2]) expect(await post(replica, body)).toBe(401);
  });

  it('cannot be told while the shared state is out: refused, or left to the replica, as configured', async () => {
    const [before, during] = [await form(), await form()];
    expect(await post(2, before)).toBe(200);
    redis.pause();
    try {
      expect(await post(0, during)).toBe(503);
      expect(await post(2, before)).toBe(401);
      expect(await post(2, during)).toBe(200);
      expect(await post(2, during)).toBe(401);
    } finally {
      redis.resume();
    }
    await replicas[0]?.logged(({ msg }) => msg === 'the shared state is up');
    expect(await post(0, await form())).toBe(200);
  });
});
