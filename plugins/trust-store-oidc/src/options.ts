import { AreHosts, AreNamedIssuers, IsFetchable, IssuerRules, MapOf } from '@parsec/plugin-sdk';
import { IsBoolean } from 'class-validator';

/** An issuer whose metadata tell where its keys are. */
export class OidcIssuerOptions extends IssuerRules {
  /** The exact `iss` of its credentials, and where its metadata are: an https URL, or http on loopback. */
  @IsFetchable()
  issuer!: string;

  /** Hosts, beside its own, where its metadata may say that its keys are. */
  @AreHosts()
  allow_hosts: string[] = [];

  /** Whether its URLs may be plain http beyond loopback. */
  @IsBoolean()
  allow_http = false;
}

/** Options of the trust store `oidc`. */
export class OidcTrustStoreOptions {
  /** Trusted issuers by their names, which policies, logs and metrics use. */
  @MapOf(() => OidcIssuerOptions)
  @AreNamedIssuers()
  issuers!: Map<string, OidcIssuerOptions>;
}
