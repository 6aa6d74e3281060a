import { readTrustedIssuer, type TrustedIssuer } from '@parsec/plugin-sdk';
import type { IntrospectionIssuerOptions, IntrospectionTrustStoreOptions } from './options.js';

/** What the options say, in the words of the contract. Pure. */
export function readIssuers({ issuers }: IntrospectionTrustStoreOptions): readonly TrustedIssuer[] {
  return [...issuers].map(([name, options]) => readTrustedIssuer(name, options, { introspection: readSource(options) }));
}

function readSource(options: IntrospectionIssuerOptions): Extract<TrustedIssuer['keys'], { introspection: object }>['introspection'] {
  const { endpoint, allow_http: allowHttp, client_id: clientId, client_secret: clientSecret, method, requesters, remember } = options;
  return { endpoint, allowHttp, clientId, clientSecret, method, requesters, remember };
}
