import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  ArrayUnique,
  Equals,
  IsArray,
  IsBoolean,
  IsIn,
  IsNotEmpty,
  IsString,
  Matches,
  ValidateNested,
} from 'class-validator';
import type { JSONWebKeySet } from '../jwk.js';
import {
  JWT_TOKEN_TYPES,
  SPOKEN_TOKEN_TYPES,
  TRUSTED_ROLES,
  VERIFICATION_ALGORITHMS,
  type TrustedRole,
  type VerificationAlgorithm,
} from '../kinds/trust-store.js';
import { SUBJECT_SCOPE } from '../cel/index.js';
import { Duration, IsCelExpression, Optional } from '../options/decorators.js';
import { MapOf, PlainMap } from '../options/map-of.js';
import {
  AreHosts,
  AreNamedIssuers,
  HasExactlyOneKeySource,
  IsDiscoverable,
  IsFetchable,
  IsKeySet,
  IsScopeMap,
  SpokenNeedRequesters,
  TokensNeed,
} from './issuer-validators.js';

/** How the scope of a credential is read. */
export class ScopeOptions {
  /** The claim that holds it: a text of names, or a list of them. */
  @IsString()
  @IsNotEmpty()
  claim = 'scope';

  /** External scope to the internal scopes it stands for. What is not named stands for nothing; without a map, names stay as they are. */
  @Optional()
  @IsScopeMap()
  @PlainMap()
  map?: Map<string, string[]>;
}

/** What of a credential may go further. */
export class ClaimsOptions {
  /** Names of claims that expressions may see; `*` stands for any run of characters. */
  @IsArray()
  @IsString({ each: true })
  allow: string[] = [];

  /** Names of claims that expressions may not see although `allow` has them; `*` stands for any run of characters. */
  @IsArray()
  @IsString({ each: true })
  deny: string[] = [];
}

/** What is accepted from a trusted issuer, wherever its keys come from. */
export class IssuerRules {
  /** What its credentials may be used as: subject, requester, actor or several of them. */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(TRUSTED_ROLES, { each: true })
  accept_as!: TrustedRole[];

  /** Types of subject and actor tokens that are accepted from it; subjects and actors need at least one. */
  @IsArray()
  @ArrayUnique()
  @IsIn([...Object.values(JWT_TOKEN_TYPES), ...Object.values(SPOKEN_TOKEN_TYPES)], { each: true })
  @TokensNeed()
  @SpokenNeedRequesters()
  token_types: string[] = [];

  /** `aud` values, of which a subject or actor token must hold one; those need at least one. Requesters always address this service. */
  @IsArray()
  @ArrayUnique()
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  @TokensNeed()
  audiences: string[] = [];

  /** JWS algorithms that are accepted from it. */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(VERIFICATION_ALGORITHMS, { each: true })
  algorithms: VerificationAlgorithm[] = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'];

  /** Put before its `sub` values with a colon, so that they are unique within the trust domain. */
  @Optional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { message: 'expected letters, digits, dots, dashes and underscores, 64 at most' })
  namespace?: string;

  /** A CEL expression over `claims` that yields what stands for `sub`, such as `claims.email`; `namespace` is put before it all the same. */
  @Optional()
  @IsCelExpression(SUBJECT_SCOPE)
  subject?: string;

  /** The trust domain it speaks for; expressions see it as `subject.trust_domain`. */
  @Optional()
  @IsString()
  @IsNotEmpty()
  trust_domain?: string;

  @ValidateNested()
  @Type(() => ScopeOptions)
  scope: ScopeOptions = new ScopeOptions();

  @ValidateNested()
  @Type(() => ClaimsOptions)
  claims: ClaimsOptions = new ClaimsOptions();

  /** How far its clock may be off, for `iat` and `nbf`. */
  @Duration({ max: 300_000 })
  clock_skew = 30_000;

  /** For how long after `exp` a credential is still accepted. */
  @Duration({ max: 300_000 })
  exp_leeway = 0;

  /** For how long after `iat` a subject or actor token is accepted, whatever its `exp` says. Left out: `exp` alone counts. */
  @Optional()
  @Duration({ min: 1_000 })
  max_age?: number;

  /** Longest life of a client assertion. */
  @Duration({ min: 1_000, max: 86_400_000 })
  max_lifetime = 3_600_000;

  /** Whether tokens bound to a key (`cnf`) are accepted, although the binding is not checked. */
  @IsBoolean()
  allow_bound = false;

  /** Whether client assertions with `jti` may be used more than once, as those are that a platform writes into a file. */
  @IsBoolean()
  allow_reuse = false;
}

/** One trusted issuer, and where its keys are. */
export class IssuerOptions extends IssuerRules {
  /** The exact `iss` of its credentials. */
  @IsString()
  @IsNotEmpty()
  @HasExactlyOneKeySource()
  @IsDiscoverable()
  issuer!: string;

  /** Where its keys are fetched: https, or http on loopback. */
  @Optional()
  @IsFetchable()
  jwks_uri?: string;

  /** Its keys, written out. */
  @Optional()
  @IsKeySet()
  @Type(() => Object)
  jwks?: JSONWebKeySet;

  /** A file with its keys; relative to the configuration file. */
  @Optional()
  @IsString()
  @IsNotEmpty()
  jwks_file?: string;

  /** Whether its metadata tells where its keys are (OpenID Connect Discovery, RFC 8414). */
  @Optional()
  @Equals(true, { message: 'expected true, or nothing' })
  discovery?: true;

  /** Hosts, beside that of the issuer, where its metadata may say that its keys are. */
  @AreHosts()
  allow_hosts: string[] = [];

  /** Whether its URLs may be plain http beyond loopback. */
  @IsBoolean()
  allow_http = false;
}

/** Trusted issuers, as they stand in options or in a document. */
export class TrustedIssuersOptions {
  /** Trusted issuers by their names, which policies, logs and metrics use. */
  @MapOf(() => IssuerOptions)
  @AreNamedIssuers()
  issuers!: Map<string, IssuerOptions>;
}
