import { readTrustedIssuer, type TrustedIssuer } from '@parsec/plugin-sdk';
import type { OidcTrustStoreOptions } from './options.js';

/** What the options say, in the words of the contract. Pure. */
export function readIssuers({ issuers }: OidcTrustStoreOptions): readonly TrustedIssuer[] {
  return [...issuers].map(([name, options]) =>
    readTrustedIssuer(name, options, { discovery: { allowHosts: options.allow_hosts }, allowHttp: options.allow_http }),
  );
}
