import { definePlugin, readTrustedIssuers } from '@parsec/plugin-sdk';
import { StaticTrustStoreOptions } from './options.js';
import { StaticTrustStore } from './static-trust-store.js';

export default definePlugin({
  kind: 'trust_store',
  type: 'static',
  apiVersion: 1,
  options: StaticTrustStoreOptions,
  instance: StaticTrustStore,
  declaredIssuers: (options) => readTrustedIssuers(options).map((issuer) => ({ issuer, path: ['issuers', issuer.name] })),
});
