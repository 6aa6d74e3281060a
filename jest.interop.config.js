import { existsSync, readFileSync } from 'node:fs';
import unit from './jest.config.js';

const list = new URL('./.cache/interop/peers.json', import.meta.url);
const peers = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : {};

// Native libraries see the environment of the process, which a test cannot change: Jest gives it a copy.
const variables = {
  SOFTHSM2_CONF: peers['softhsm2-conf'],
  PARSEC_SOFTHSM2_MODULE: peers.softhsm2,
  PARSEC_SOFTHSM2_UTIL: peers['softhsm2-util'],
  PARSEC_PKCS11_FAULTS_MODULE: peers['pkcs11-faults'],
  PARSEC_PKCS11_FAULTS: peers['pkcs11-faults-directory'],
};
for (const [name, value] of Object.entries(variables)) if (value !== undefined) process.env[name] = value;

/** @type {import('jest').Config} */
export default {
  ...unit,
  testMatch: ['<rootDir>/test/interop/**/*.spec.ts', '<rootDir>/plugins/key-manager-pkcs11/src/**/*.spec.ts'],
  testPathIgnorePatterns: unit.testPathIgnorePatterns.filter((pattern) => pattern !== '<rootDir>/test/interop/'),
};
