import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';

const issuer = {
  issuer: 'https://idp.example/tenant',
  accept_as: ['subject'],
  token_types: ['urn:ietf:params:oauth:token-type:access_token'],
  audiences: ['https://api.example'],
};

const changed = (changes: object): Record<string, unknown> => ({ issuers: { idp: { ...issuer, ...changes } } });

describeContract({
  plugin,
  options: {
    issuers: {
      idp: { ...issuer, allow_hosts: ['keys.idp.example'] },
      local: { ...issuer, issuer: 'http://127.0.0.1:9000', namespace: 'local' },
    },
  },
  issuers: ['idp', 'local'],
  invalidOptions: [
    {},
    { issuers: {} },
    { issuers: { 'not a name': issuer } },
    changed({ issuer: 'idp' }),
    changed({ issuer: 'http://idp.example' }),
    changed({ issuer: 'https://user:secret@idp.example' }),
    changed({ jwks_uri: 'https://idp.example/jwks' }),
    changed({ allow_hosts: ['https://keys.idp.example'] }),
    changed({ allow_hosts: 'keys.idp.example' }),
    changed({ allow_http: 'yes' }),
    changed({ accept_as: [] }),
  ],
  cannot: {
    'a failed open releases everything': 'it opens nothing',
    'no error and no log line holds a secret': 'it is given none',
  },
});
