import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Lab } from '../support/lab.js';
import { PARSEC, startParsec, type ParsecServer } from '../support/parsec-server.js';

const run = promisify(execFile);

describe('parsec keys', () => {
  let parsec: ParsecServer;

  beforeAll(async () => {
    const lab = await Lab.open();
    parsec = await startParsec((url) => lab.configuration(url));
  });

  afterAll(() => parsec.stop());

  async function keys(...words: string[]): Promise<string> {
    return (await askPort(new URL(parsec.managementUrl).port, ...words)).stdout;
  }

  function askPort(port: number | string, ...words: string[]): Promise<{ readonly stdout: string }> {
    const set = `server.management_port=${port}`;
    return run(process.execPath, [PARSEC, 'keys', ...words, '-c', join(parsec.directory, 'parsec.yaml'), '--set', set]);
  }

  it('list tells from when the next key signs', async () => {
    expect(await keys('list')).toMatch(/\nmain signs; its next key will from \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ at the earliest\.\n$/);
  });

  it.each(['{"signers":null}', '{"signers":[{}]}', '[', 'null', 'x'.repeat(2 * 1024 * 1024)])(
    'list says in a sentence that something else answers (%#)',
    async (answer) => {
      const stranger = createServer((_request, response) => response.end(answer)).listen(0, '127.0.0.1');
      await once(stranger, 'listening');
      try {
        await expect(askPort((stranger.address() as AddressInfo).port, 'list')).rejects.toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/^what answers at \S+ is not parsec\n$/),
        });
      } finally {
        stranger.close();
      }
    },
  );

  it('rotate shows the signer', async () => {
    expect(await keys('rotate', 'main')).toMatch(/\nmain signs; its next key will from \S+ at the earliest\.\n$/);
  });

  it('revoke tells from when a signer that cannot sign any more will again', async () => {
    const [, kid = ''] = /(\S+) +ES256 +signing/.exec(await keys('list')) ?? [];
    const shown = await keys('revoke', kid);
    expect(shown).toContain(`${kid} is revoked.`);
    // The next key was made a moment ago, so there may be verifiers that do not know it yet.
    expect(shown).toMatch(/\nmain CANNOT SIGN; its next key will from \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ at the earliest\.\n$/);
  });
});
