import type { IssuerKeySource, TrustedIssuer } from '@parsec/plugin-sdk';
import type { IssuerOptions, StaticTrustStoreOptions } from './options.js';

/** What the options say, in the words of the contract. Pure. */
export function readTrustedIssuers({ issuers }: StaticTrustStoreOptions): readonly TrustedIssuer[] {
  return [...issuers].map(([name, options]) => readTrustedIssuer(name, options));
}

function readTrustedIssuer(name: string, options: IssuerOptions): TrustedIssuer {
  const { scope, claims, namespace, trust_domain: trustDomain } = options;
  return {
    name,
    issuer: options.issuer,
    keys: readKeySource(options),
    acceptAs: options.accept_as,
    tokenTypes: options.token_types,
    audiences: options.audiences,
    algorithms: options.algorithms,
    scope: { claim: scope.claim, ...(scope.map === undefined ? {} : { map: scope.map }) },
    claims: { allow: claims.allow },
    clockSkew: options.clock_skew,
    expLeeway: options.exp_leeway,
    maxLifetime: options.max_lifetime,
    allowBound: options.allow_bound,
    ...(namespace === undefined ? {} : { namespace }),
    ...(trustDomain === undefined ? {} : { trustDomain }),
  };
}

/** The options were checked: exactly one of the three is there. */
function readKeySource({ jwks, jwks_uri: jwksUri, jwks_file: jwksFile, allow_http: allowHttp }: IssuerOptions): IssuerKeySource {
  if (jwksUri !== undefined) return { jwksUri, allowHttp };
  if (jwksFile !== undefined) return { jwksFile };
  return { jwks: jwks ?? { keys: [] } };
}
