import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Lab } from '../support/lab.js';
import { startParsec, type ParsecServer } from '../support/parsec-server.js';
import { describeWith } from './peers.js';
import type { Redis } from '../support/redis-server.js';
import { startRedis } from './support/redis.js';

const PAGE = readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8');

describeWith(['redis-server'], 'the Redis user of docs/keys.md', () => {
  let lab: Lab;
  let redis: Redis;
  let parsec: ParsecServer;

  /** Sends one inline command. @returns what Redis says first */
  const command = (line: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(redis.url).port), '127.0.0.1', () => socket.write(`${line}\r\n`));
      socket.once('error', reject);
      socket.once('data', (data) => {
        socket.end();
        resolve(data.toString());
      });
    });

  beforeAll(async () => {
    [lab, redis] = await Promise.all([Lab.open(), startRedis()]);
    const [line = 'the page has no such line'] = /^ACL SETUSER .*$/m.exec(PAGE) ?? [];
    expect(await command(line)).toBe('+OK\r\n');
    parsec = await startParsec((url) => ({
      ...lab.configuration(url),
      state: {
        type: 'redis',
        url: redis.url,
        username: 'parsec',
        password: 'redis-password',
        secret: 'a secret that all of the replicas know',
      },
    }));
  });

  afterAll(async () => {
    await parsec.stop();
    await redis.stop();
  });

  it('may do all that parsec does, from the first key to the last goodbye', async () => {
    const { kid } = await parsec.logged(({ msg }) => msg === 'signer is ready');
    const headers = { authorization: 'Bearer an-admin-token-for-tests' };
    expect((await parsec.post(await lab.form(parsec.url))).status).toBe(200);
    const revocation = await fetch(`${parsec.managementUrl}/admin/keys/${String(kid)}/revoke`, { method: 'POST', headers });
    expect(revocation.status).toBe(200);
    expect(await parsec.stop()).toBe(0);
    // What Redis refused since it started.
    expect(await command('ACL LOG')).toBe('*0\r\n');
  });

  it('may do nothing to what is not of this trust domain', async () => {
    expect(await command('ACL DRYRUN parsec SET parsec:{other.example/marks}:x 1')).toMatch(/no permissions to access/);
    expect(await command('ACL DRYRUN parsec FLUSHALL')).toMatch(/no permissions to run/);
  });
});
