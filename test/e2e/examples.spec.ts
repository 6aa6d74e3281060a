import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { PARSEC } from '../support/parsec-server.js';

const run = promisify(execFile);
const EXAMPLES = fileURLToPath(new URL('../../apps/parsec/examples', import.meta.url));

/** What examples take from the environment, for the time of a test. */
const ENVIRONMENT = {
  PARSEC_ADMIN_TOKEN: 'an-admin-token-for-tests',
  PARSEC_HSM_PIN: '123456',
  PARSEC_LEGACY_SECRET: 'a-client-secret-for-tests',
  PARSEC_REDIS_PASSWORD: 'a-password-for-tests',
  PARSEC_STATE_SECRET: 'a secret that all of the replicas know',
};

describe('the example configuration', () => {
  it.each(readdirSync(EXAMPLES).filter((file) => file.endsWith('.yaml')))('%s is valid', async (file) => {
    const { stdout } = await run(process.execPath, [PARSEC, 'validate', '-c', `${EXAMPLES}/${file}`], {
      env: { ...process.env, ...ENVIRONMENT },
    });
    expect(stdout).toContain('is valid');
  });
});
