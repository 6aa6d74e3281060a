import { afterAll } from '@jest/globals';
import { spawnRedis, type Redis } from '../../support/redis-server.js';
import { peer } from '../peers.js';

const running = new Set<Redis>();
// A test that fails does not come to its end; what it started must not keep Jest from coming to its own.
afterAll(() => Promise.all([...running].map((redis) => redis.stop())));

/**
 * Starts the peer `redis-server` and waits until it serves.
 * @param port left out: a free one. To come back where another one was, give its port.
 */
export async function startRedis(port?: number): Promise<Redis> {
  const program = peer('redis-server');
  if (program === undefined) throw new Error('there is no redis-server');
  const redis = await spawnRedis(program, port);
  running.add(redis);
  return redis;
}
