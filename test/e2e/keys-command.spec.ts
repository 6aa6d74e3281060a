import { execFile } from 'node:child_process';
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
    const port = `server.management_port=${new URL(parsec.managementUrl).port}`;
    const { stdout } = await run(process.execPath, [PARSEC, 'keys', ...words, '-c', join(parsec.directory, 'parsec.yaml'), '--set', port]);
    return stdout;
  }

  it('list tells from when the next key signs', async () => {
    expect(await keys('list')).toMatch(/\nmain signs; its next key will from \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ at the earliest\.\n$/);
  });

  it('revoke tells from when a signer that cannot sign any more will again', async () => {
    const [, kid = ''] = /(\S+) +ES256 +signing/.exec(await keys('list')) ?? [];
    const shown = await keys('revoke', kid);
    expect(shown).toContain(`${kid} is revoked.`);
    // The next key was made a moment ago, so there may be verifiers that do not know it yet.
    expect(shown).toMatch(/\nmain CANNOT SIGN; its next key will from \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ at the earliest\.\n$/);
  });
});
