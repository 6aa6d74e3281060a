import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { Lab } from '../support/lab.js';
import { PARSEC } from '../support/parsec-server.js';
import { until } from '../support/until.js';
import { describeWith } from './peers.js';
import { Fleet, sharedState } from './support/fleet.js';
import { startRedis } from './support/redis.js';

const lab = await Lab.open();
/** Keys rotate when somebody asks for it, and not by themselves within a test. */
const SLOW = { every: '1h', publish_ahead: '1s' };

describeWith(['redis-server'], 'parsec keys, with two replicas', () => {
  it('lists, rotates and revokes keys of both, at either', async () => {
    const redis = await startRedis();
    const fleet = await Fleet.open(lab);
    const changes = (name: string): object => ({
      signers: { main: { key_manager: 'local', rotation: SLOW } },
      ...sharedState(redis.url, name),
    });
    const keys = async (name: string, ...command: readonly string[]): Promise<string> => {
      const port = new URL(fleet.server(name).managementUrl).port;
      const file = join(fleet.server(name).directory, 'parsec.yaml');
      const options = ['--config', file, '--set', `server.management_port=${port}`];
      return (await promisify(execFile)(process.execPath, [PARSEC, 'keys', ...command, ...options])).stdout;
    };
    /** Kid, state and replica of each row. */
    const rows = (table: string): readonly string[] =>
      table
        .split('\n')
        .filter((line) => line.startsWith('main ') && line.includes('ES256'))
        .map((line) => line.split(/\s+/))
        .map(([, kid, , state, , replica]) => `${kid} ${state} ${replica}`);
    const signing = (name: string): string => fleet.signed(name).at(-1) ?? '';
    try {
      await Promise.all(['one', 'two'].map((name) => fleet.start(name, changes(name))));
      await fleet.joined('one', 'two');
      await until('each has a next key', async () => (await fleet.published('one')).length === 4);
      await fleet.agreed();

      const listed = await keys('one', 'list');
      expect(listed).toMatch(/^SIGNER +KID +ALGORITHM +STATE +KEY MANAGER +REPLICA +PUBLISHED +SIGNS FROM +SIGNS UNTIL +RETIRES\n/);
      expect(rows(listed).toSorted()).toEqual(rows(await keys('two', 'list')).toSorted());
      for (const name of ['one', 'two']) {
        expect(rows(listed)).toContain(`${signing(name)} signing ${name}`);
        expect(rows(listed).filter((row) => row.endsWith(` next ${name}`))).toHaveLength(1);
      }

      const first = signing('one');
      await keys('one', 'rotate', 'main');
      await until('the next key signs', () => signing('one') !== first);
      expect(rows(await keys('two', 'list'))).toEqual(
        expect.arrayContaining([`${first} former one`, `${signing('one')} signing one`, `${signing('two')} signing two`]),
      );
      expect(fleet.harm).toEqual([]);

      // Of another replica, and one that verifies only.
      fleet.verifiers.forget(first);
      expect(await keys('two', 'revoke', first)).toContain(`${first} is revoked.`);
      await until('no replica publishes it', async () =>
        (await Promise.all(['one', 'two'].map((name) => fleet.published(name)))).every((published) => !published.includes(first)),
      );

      // Of another replica, and in force.
      const stolen = signing('one');
      await until('there is a next key', async () => rows(await keys('one', 'list')).some((row) => row.endsWith(' next one')));
      await keys('two', 'revoke', stolen);
      await until('no replica publishes it', async () =>
        (await Promise.all(['one', 'two'].map((name) => fleet.published(name)))).every((published) => !published.includes(stolen)),
      );
      await until('another key signs', () => signing('one') !== stolen);

      await fleet.end('one', 'SIGKILL');
      await fleet.start('one', changes('one'));
      await fleet.joined('one');
      for (const kid of [first, stolen]) expect(await fleet.published('one')).not.toContain(kid);
      expect(rows(await keys('one', 'list'))).toContain(`${signing('one')} signing one`);
      await expect(keys('one', 'revoke', 'no-such-kid')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('404') });
    } finally {
      await fleet.close();
      await redis.stop();
    }
  }, 120_000);
});
