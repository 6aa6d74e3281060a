import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';

const document = `
issuers:
  idp:
    issuer: https://idp.example
    jwks_uri: https://idp.example/jwks
    accept_as: [subject]
    token_types: ["urn:ietf:params:oauth:token-type:access_token"]
    audiences: [https://api.example]
`;

describeContract({
  plugin,
  options: { path: 'issuers.yaml' },
  issuers: ['idp'],
  prepare: async (directory) => {
    await writeFile(join(directory, 'issuers.yaml'), document);
    await writeFile(join(directory, 'broken.yaml'), 'issuers: {idp: {client_secret: a-secret-in-a-wrong-place}}');
  },
  invalidOptions: [{}, { path: '' }, { path: 1 }, { path: ['issuers.yaml'] }],
  unopenableOptions: [{ path: 'missing.yaml' }, { path: 'broken.yaml' }],
  secrets: ['a-secret-in-a-wrong-place'],
});
