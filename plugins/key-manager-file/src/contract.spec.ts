import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;

describeContract({
  plugin,
  options: { directory: 'keys' },
  invalidOptions: [{}, { directory: '' }, { directory: 7 }],
  unopenableOptions: [{ directory: 'a-file' }, { directory: 'corrupt' }, { directory: 'shared' }],
  secrets: pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----')),
  async prepare(directory) {
    await writeFile(join(directory, 'a-file'), '');
    for (const [name, content, mode] of [
      ['keys', pem, 0o600],
      ['corrupt', pem.slice(0, -40), 0o600],
      ['shared', pem, 0o644],
    ] as const) {
      await mkdir(join(directory, name), { mode: 0o700 });
      await writeFile(join(directory, name, 'main.1.pem'), content, { mode });
    }
  },
  cannot: {
    'a call that pends ends when it is aborted': 'a system call on a local file cannot be made to wait, nor be taken back',
  },
});
