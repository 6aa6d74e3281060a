import { definePlugin } from '@parsec/plugin-sdk';
import { IntrospectionTrustStore } from './introspection-trust-store.js';
import { IntrospectionTrustStoreOptions } from './options.js';
import { readIssuers } from './read-issuers.js';

export default definePlugin({
  kind: 'trust_store',
  type: 'introspection',
  apiVersion: 1,
  options: IntrospectionTrustStoreOptions,
  instance: IntrospectionTrustStore,
  declaredIssuers: (options) => readIssuers(options).map((issuer) => ({ issuer, path: ['issuers', issuer.name] })),
});
