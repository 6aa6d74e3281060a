import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { definePlugin, type TrustedIssuer, type TrustStore } from '@parsec/plugin-sdk';
import type { ContractFixture } from '../fixture.js';
import type { BrokenPlugin } from './broken-plugin.fixture.js';
import { GOOD_FIXTURE, GoodInstance, GoodOptions } from './good-instance.fixture.js';

const ISSUER: TrustedIssuer = {
  name: 'corp_idp',
  issuer: 'https://idp.example',
  keys: { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }] } },
  acceptAs: ['subject'],
  tokenTypes: ['urn:ietf:params:oauth:token-type:access_token'],
  audiences: ['https://api.example'],
  algorithms: ['EdDSA'],
  scope: { claim: 'scope', map: new Map([['orders.write', ['trade.stocks']]]) },
  claims: { allow: ['email'], deny: [] },
  clockSkew: 30_000,
  expLeeway: 0,
  maxLifetime: 3_600_000,
  allowBound: false,
  allowReuse: false,
};

@Injectable()
class GoodTrustStore extends GoodInstance implements TrustStore {
  trustedIssuers(): readonly TrustedIssuer[] {
    return [ISSUER];
  }
}

export const GOOD_TRUST_STORE: ContractFixture<'trust_store'> = {
  ...GOOD_FIXTURE,
  plugin: definePlugin({ kind: 'trust_store', type: 'good', apiVersion: 1, options: GoodOptions, instance: GoodTrustStore }),
  issuers: ['corp_idp'],
};

function trustStore(instance: typeof GoodTrustStore): ContractFixture<'trust_store'> {
  return { ...GOOD_TRUST_STORE, plugin: { ...GOOD_TRUST_STORE.plugin, instance } };
}

function trusting(...issuers: readonly TrustedIssuer[]): ContractFixture<'trust_store'> {
  return trustStore(
    class extends GoodTrustStore {
      override trustedIssuers(): readonly TrustedIssuer[] {
        return issuers;
      }
    },
  );
}

const malformed = (fault: string, says: string, changes: Partial<TrustedIssuer>): BrokenPlugin<'trust_store'> => ({
  check: 'every issuer is well formed',
  fault,
  says,
  fixture: trusting({ ...ISSUER, ...changes }),
});

const OTHER: TrustedIssuer = { ...ISSUER, name: 'other', issuer: 'https://other.example' };

export const BROKEN_TRUST_STORES: readonly BrokenPlugin<'trust_store'>[] = [
  {
    check: 'it trusts the issuers of its options and no others',
    fault: 'trusts one more',
    says: 'other',
    fixture: trusting(ISSUER, OTHER),
  },
  { check: 'it trusts the issuers of its options and no others', fault: 'trusts nobody', says: 'corp_idp', fixture: trusting() },
  malformed('trusts an issuer without a name', 'did not match the regular expression', { name: '' }),
  malformed('trusts any iss', 'corp_idp: issuer', { issuer: '' }),
  malformed('accepts an issuer as nothing', 'acceptAs', { acceptAs: [] }),
  malformed('accepts any audience', 'audiences', { audiences: [] }),
  malformed('accepts any algorithm', 'algorithms', { algorithms: [] }),
  malformed('accepts unsigned tokens', 'algorithms', { algorithms: ['none' as never] }),
  malformed('accepts symmetric algorithms', 'algorithms', { algorithms: ['HS256' as never] }),
  malformed('has an empty namespace', 'namespace', { namespace: '' }),
  malformed('has a skew without end', 'clockSkew', { clockSkew: Number.POSITIVE_INFINITY }),
  malformed('has a lifetime below zero', 'maxLifetime', { maxLifetime: -1 }),
  malformed('has no keys', 'corp_idp: keys', { keys: {} as TrustedIssuer['keys'] }),
  malformed('has a symmetric key', 'a symmetric key', { keys: { jwks: { keys: [{ kty: 'oct' }] } } }),
  malformed('shows a private key', 'a private key', { keys: { jwks: { keys: [{ kty: 'OKP', d: 'AA' } as never] } } }),
  malformed('maps a scope to a text', 'scope.map', { scope: { claim: 'scope', map: new Map([['a', 'b' as never]]) } }),
  {
    check: 'no two issuers share a name or an iss',
    fault: 'gives two issuers one name',
    says: 'more than once',
    fixture: trusting(ISSUER, { ...OTHER, name: ISSUER.name }),
  },
  {
    check: 'no two issuers share a name or an iss',
    fault: 'knows one issuer under two names',
    says: 'more than once',
    fixture: trusting(ISSUER, { ...OTHER, issuer: ISSUER.issuer }),
  },
  {
    check: 'issuers are answered from memory',
    fault: 'reads a file whenever it is asked',
    says: 'fs.readFileSync',
    fixture: trustStore(
      class extends GoodTrustStore {
        override trustedIssuers(): readonly TrustedIssuer[] {
          readFileSync(join(this.context.directory, 'there'));
          return [ISSUER];
        }
      },
    ),
  },
];
