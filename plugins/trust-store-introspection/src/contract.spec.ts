import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';

const issuer = {
  issuer: 'https://idp.example',
  endpoint: 'https://idp.example/introspect',
  client_id: 'parsec',
  client_secret: 'a-secret-of-a-client',
  accept_as: ['subject'],
  token_types: ['urn:ietf:params:oauth:token-type:access_token'],
  audiences: ['https://api.example'],
};

const changed = (changes: object): Record<string, unknown> => ({ issuers: { idp: { ...issuer, ...changes } } });

describeContract({
  plugin,
  options: {
    issuers: { idp: issuer, other: { ...issuer, issuer: 'other', requesters: ['mobile.*'], remember: '0s', namespace: 'other' } },
  },
  issuers: ['idp', 'other'],
  secrets: ['a-secret-of-a-client'],
  invalidOptions: [
    {},
    { issuers: {} },
    changed({ issuer: '' }),
    changed({ endpoint: 'idp' }),
    changed({ endpoint: 'http://idp.example/introspect' }),
    changed({ endpoint: 'https://user:pass@idp.example/introspect' }),
    changed({ client_id: '' }),
    changed({ client_secret: undefined }),
    changed({ method: 'none' }),
    changed({ requesters: [] }),
    changed({ remember: '2m' }),
    changed({ jwks_uri: 'https://idp.example/jwks' }),
  ],
  cannot: { 'a failed open releases everything': 'it opens nothing' },
});
