import { AreNamedIssuers, Duration, INTROSPECTION_METHODS, IsFetchable, IssuerRules, MapOf } from '@parsec/plugin-sdk';
import { ArrayNotEmpty, IsArray, IsBoolean, IsIn, IsNotEmpty, IsString } from 'class-validator';

/** An issuer that is asked about its tokens. */
export class IntrospectionIssuerOptions extends IssuerRules {
  /** What stands for `iss`; where an answer has `iss`, it must be this. */
  @IsString()
  @IsNotEmpty()
  issuer!: string;

  /** Where it is asked: an https URL, or http on loopback. */
  @IsFetchable()
  endpoint!: string;

  /** Whether the endpoint may be plain http beyond loopback. */
  @IsBoolean()
  allow_http = false;

  /** Who asks. */
  @IsString()
  @IsNotEmpty()
  client_id!: string;

  /** The secret of who asks; best given as `${file:…}`. */
  @IsString()
  @IsNotEmpty()
  client_secret!: string;

  /** How the secret is sent. */
  @IsIn(INTROSPECTION_METHODS)
  method: (typeof INTROSPECTION_METHODS)[number] = 'client_secret_basic';

  /** The requesters whose tokens are asked about here; `*` stands for any run of characters. */
  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  requesters: string[] = ['*'];

  /** For how long an answer is believed; `0s`: not at all. A token that is revoked meanwhile is accepted for so long. */
  @Duration({ max: 60_000 })
  remember = 5_000;
}

/** Options of the trust store `introspection`. */
export class IntrospectionTrustStoreOptions {
  /** Trusted issuers by their names, which policies, logs and metrics use. */
  @MapOf(() => IntrospectionIssuerOptions)
  @AreNamedIssuers()
  issuers!: Map<string, IntrospectionIssuerOptions>;
}
