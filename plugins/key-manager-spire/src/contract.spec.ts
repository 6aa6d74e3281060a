import { afterAll } from '@jest/globals';
import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';
import { setFaults, Stub, STUB_SECRET } from './testing/stub.js';

const stub = new Stub();
const options = stub.options();
let place = '';

afterAll(() => stub.remove());

async function whileEvery(fault: 'hang' | 'fail', calls: () => Promise<void>): Promise<void> {
  await setFaults(place, { '*': fault });
  try {
    await calls();
  } finally {
    await setFaults(place, {});
  }
}

const { checksum: _checksum, ...unchecked } = options;

describeContract({
  plugin,
  options,
  invalidOptions: [
    {},
    unchecked,
    { ...options, command: 'stub-plugin.mjs' },
    { ...options, checksum: 'abc' },
    { ...options, checksum: 'abc', allow_unchecked: true },
    { ...options, trust_domain: 'spiffe://example.org' },
    { ...options, args: ['a\0b'] },
    { ...options, environment: { PLUGIN_CLIENT_CERT: 'x' } },
    { ...options, environment: { 'NOT A NAME': 'x' } },
    { ...options, environment: { NAME: 1 } },
    { ...options, start_timeout: 60 },
  ],
  unopenableOptions: [
    { ...options, command: `${stub.command}.not` },
    { ...options, checksum: '0'.repeat(64) },
    stub.options({ refuse: true }),
  ],
  secrets: [STUB_SECRET],
  prepare(directory) {
    place = directory;
  },
  whileStalled: (calls) => whileEvery('hang', calls),
  whileFailing: (calls) => whileEvery('fail', calls),
  cannot: {
    'a deleted key is gone, and the others stay': 'the protocol of SPIRE key managers has no way to delete a key',
  },
});
