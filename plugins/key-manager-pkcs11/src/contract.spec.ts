import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from '@jest/globals';
import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';

/** SoftHSM behind a module that fails on demand, as `npm run test:interop` provides them. */
const {
  PARSEC_SOFTHSM2_UTIL: util,
  PARSEC_PKCS11_FAULTS_MODULE: module,
  PARSEC_PKCS11_FAULTS: faults,
  PARSEC_INTEROP: interop,
} = process.env;

const PIN = 'a-pin-of-letters';
const LABEL = `contract ${process.pid}`;

if (util === undefined || module === undefined || faults === undefined) {
  describe('the contract of key_manager "pkcs11"', () => {
    const register = interop === 'required' ? it : it.skip;
    register('needs SoftHSM, which npm run test:interop gets hold of', () => {
      throw new Error('there is no SoftHSM');
    });
  });
} else {
  const whileEachCall = async (does: string, calls: () => Promise<void>): Promise<void> => {
    const files = ['C_Sign', 'C_GenerateKeyPair'].map((name) => join(faults, `${process.pid}.${name}`));
    for (const file of files) await writeFile(file, does);
    await calls().finally(() => Promise.all(files.map((file) => rm(file))));
  };
  let token: Promise<unknown> | undefined;

  describeContract({
    plugin,
    options: { module, token_label: LABEL, pin: PIN, sessions: 4 },
    invalidOptions: [
      {},
      { module, token_label: LABEL },
      { module, pin: PIN },
      { module: 'relative.so', token_label: LABEL, pin: PIN },
      { module, token_label: LABEL, pin: 1234 },
      { module, token_label: LABEL, pin: '' },
      { module, token_label: LABEL, slot: 0, pin: PIN },
      { module, slot: -1, pin: PIN },
      { module, serial: '', pin: PIN },
      { module, token_label: LABEL, pin: PIN, sessions: 0 },
    ],
    unopenableOptions: [
      { module: '/nonexistent/pkcs11.so', token_label: LABEL, pin: PIN },
      { module: faults, token_label: LABEL, pin: PIN },
      { module, token_label: LABEL, pin: 'a-wrong-pin' },
    ],
    secrets: [PIN, 'a-wrong-pin'],
    async prepare() {
      // One token for all checks: SoftHSM sees new ones only when it is initialised.
      token ??= promisify(execFile)(util, ['--init-token', '--free', '--label', LABEL, '--so-pin', 'so-pin', '--pin', PIN]);
      await token;
    },
    whileStalled: (calls) => whileEachCall('stall', calls),
    // CKR_DEVICE_MEMORY, which leaves the connection as it is
    whileFailing: (calls) => whileEachCall('31', calls),
  });
}
