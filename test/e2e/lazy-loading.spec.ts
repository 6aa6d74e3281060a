import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const BUILT_IN_PLUGINS = new URL('../../apps/parsec/dist/built-in-plugins.js', import.meta.url);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How many files of a package a program has loaded by its end. */
async function loaded(name: string, program: string): Promise<number> {
  const count = `Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes('/node_modules/${name}/')).length`;
  const source = `import { createRequire } from 'node:module'; ${program}; console.log(${count});`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], { cwd: ROOT });
  return Number(stdout);
}

describe('a plugin that no configuration names', () => {
  it('does not bring the AWS SDK into the process', async () => {
    expect(await loaded('@aws-sdk/client-kms', "await import('@aws-sdk/client-kms')")).toBeGreaterThan(0);
    expect(await loaded('@aws-sdk/client-kms', `(await import('${BUILT_IN_PLUGINS.href}')).createRegistry()`)).toBe(0);
  });
});
