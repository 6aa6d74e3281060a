import { definePlugin } from '@parsec/plugin-sdk';
import { OidcTrustStore } from './oidc-trust-store.js';
import { OidcTrustStoreOptions } from './options.js';
import { readIssuers } from './read-issuers.js';

export default definePlugin({
  kind: 'trust_store',
  type: 'oidc',
  apiVersion: 1,
  options: OidcTrustStoreOptions,
  instance: OidcTrustStore,
  declaredIssuers: (options) => readIssuers(options).map((issuer) => ({ issuer, path: ['issuers', issuer.name] })),
});
