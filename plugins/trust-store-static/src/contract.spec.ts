import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';

const issuer = {
  issuer: 'https://idp.example',
  jwks_uri: 'https://idp.example/jwks',
  accept_as: ['subject'],
  token_types: ['urn:ietf:params:oauth:token-type:access_token'],
  audiences: ['https://api.example'],
};
const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

const issuers = (...all: readonly object[]): object => ({ issuers: Object.fromEntries(all.map((one, index) => [`issuer_${index}`, one])) });
const changed = (changes: object): Record<string, unknown> => ({ ...issuers({ ...issuer, ...changes }) });

describeContract({
  plugin,
  options: {
    ...issuers(
      { ...issuer, namespace: 'corp', scope: { claim: 'scp', map: { 'orders.write': ['trade.stocks'] } }, claims: { allow: ['email'] } },
      { issuer: 'workloads', jwks: { keys: [key] }, accept_as: ['requester'], max_lifetime: '5m', clock_skew: '10s' },
      { issuer: 'spiffe', jwks_file: 'keys.json', accept_as: ['requester'], audiences: ['https://tts.example'] },
    ),
  },
  issuers: ['issuer_0', 'issuer_1', 'issuer_2'],
  invalidOptions: [
    {},
    { issuers: [] },
    { issuers: { a: null } },
    changed({ issuer: '' }),
    changed({ jwks_uri: undefined }),
    changed({ jwks_file: 'too.json' }),
    changed({ jwks_uri: 'http://idp.example/jwks' }),
    changed({ jwks_uri: 'http://127.evil.example/jwks' }),
    changed({ jwks_uri: 'https://user:secret@idp.example/jwks' }),
    changed({ jwks_uri: undefined, jwks: { keys: [{ ...key, d: 'private' }] } }),
    changed({ jwks_uri: undefined, jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }),
    changed({ accept_as: [] }),
    changed({ accept_as: ['anyone'] }),
    changed({ token_types: [] }),
    changed({ token_types: ['urn:ietf:params:oauth:token-type:refresh_token'] }),
    changed({ token_types: ['urn:ietf:params:oauth:token-type:unsigned_json'] }),
    changed({ audiences: [] }),
    changed({ algorithms: ['HS256'] }),
    changed({ algorithms: ['none'] }),
    changed({ namespace: 'a:b' }),
    changed({ scope: { map: { 'orders.write': 'trade.stocks' } } }),
    changed({ scope: { map: { 'orders.write': ['two words'] } } }),
    changed({ clock_skew: 30 }),
    changed({ clock_skew: '1h' }),
    changed({ allow_bound: 'yes' }),
  ],
  cannot: {
    'a failed open releases everything': 'it opens nothing',
    'no error and no log line holds a secret': 'it is given none: keys here are public, and private ones are refused',
  },
});
