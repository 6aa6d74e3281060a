import type { IssuerKeySource, TrustedIssuer } from '../kinds/trust-store.js';
import type { IssuerOptions, IssuerRules, TrustedIssuersOptions } from './issuer-options.js';

/** What checked options say, in the words of the contract. Pure. */
export function readTrustedIssuers({ issuers }: TrustedIssuersOptions): readonly TrustedIssuer[] {
  return [...issuers].map(([name, options]) => readTrustedIssuer(name, options, keySourceOf(options)));
}

/** A trusted issuer with keys from wherever a trust store has them. Pure. */
export function readTrustedIssuer(name: string, options: IssuerRules & { readonly issuer: string }, keys: IssuerKeySource): TrustedIssuer {
  const { scope, claims, namespace, subject, trust_domain: trustDomain, max_age: maxAge } = options;
  return {
    name,
    issuer: options.issuer,
    keys,
    acceptAs: options.accept_as,
    tokenTypes: options.token_types,
    audiences: options.audiences,
    algorithms: options.algorithms,
    scope: { claim: scope.claim, ...(scope.map === undefined ? {} : { map: scope.map }) },
    claims: { allow: claims.allow, deny: claims.deny },
    clockSkew: options.clock_skew,
    expLeeway: options.exp_leeway,
    maxLifetime: options.max_lifetime,
    allowBound: options.allow_bound,
    allowReuse: options.allow_reuse,
    ...(namespace === undefined ? {} : { namespace }),
    ...(subject === undefined ? {} : { subject }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(trustDomain === undefined ? {} : { trustDomain }),
  };
}

/** The options were checked: exactly one of the four is there. */
function keySourceOf(options: IssuerOptions): IssuerKeySource {
  const { jwks, jwks_uri: jwksUri, jwks_file: jwksFile, allow_http: allowHttp, allow_hosts: allowHosts } = options;
  if (jwksUri !== undefined) return { jwksUri, allowHttp };
  if (jwksFile !== undefined) return { jwksFile };
  return jwks === undefined ? { discovery: { allowHosts }, allowHttp } : { jwks };
}
