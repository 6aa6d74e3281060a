import type { JSONWebKeySet } from '../jwk.js';
import type { HealthReporter } from '../health.js';

/** What a credential of an issuer may be used as. */
export const TRUSTED_ROLES = ['subject', 'requester', 'actor'] as const;
export type TrustedRole = (typeof TRUSTED_ROLES)[number];

/** JWS algorithms that credentials may be signed with. Symmetric ones and `none` are not among them and never will be. */
export const VERIFICATION_ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const;
export type VerificationAlgorithm = (typeof VERIFICATION_ALGORITHMS)[number];

/** Subject token types (RFC 8693 section 3) whose tokens are JWTs of a trusted issuer. */
export const JWT_TOKEN_TYPES = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
} as const;

/** Where the keys of an issuer come from. */
export type IssuerKeySource =
  | { readonly jwks: JSONWebKeySet }
  | { readonly jwksUri: string; readonly allowHttp: boolean }
  /** Where its metadata says (OpenID Connect Discovery, RFC 8414): at the issuer's own host, or at one of these. */
  | { readonly discovery: { readonly allowHosts: readonly string[] }; readonly allowHttp: boolean }
  /** Relative to the directory of the configuration file. */
  | { readonly jwksFile: string }
  /** It has none that are known: it is asked about each token. */
  | { readonly introspection: IntrospectionSource };

/** Subject token types by which a requester speaks for a subject on its own word. A policy rule must name the type, and whom it may speak for. */
export const SPOKEN_TOKEN_TYPES = {
  /** A JWT of the requester itself. */
  selfSigned: 'urn:ietf:params:oauth:token-type:self_signed',
  /** A JSON object that nobody signed. */
  unsignedJson: 'urn:ietf:params:oauth:token-type:unsigned_json',
} as const;

/** Whether a subject token of this type is no more than its requester's word. */
export function isSpoken(tokenType: string): boolean {
  return Object.values(SPOKEN_TOKEN_TYPES).some((type) => type === tokenType);
}

/** How an endpoint authenticates who asks about tokens (RFC 6749 section 2.3.1). */
export const INTROSPECTION_METHODS = ['client_secret_basic', 'client_secret_post'] as const;

/** An introspection endpoint (RFC 7662). Requester and token type choose exactly one; a token is never shown to a second. */
export interface IntrospectionSource {
  readonly endpoint: string;
  readonly allowHttp: boolean;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly method: (typeof INTROSPECTION_METHODS)[number];
  /** Patterns of the requesters whose tokens are asked about here (`*` stands for any run of characters). */
  readonly requesters: readonly string[];
  /** Milliseconds for which an answer is believed; 0: not at all. */
  readonly remember: number;
}

/** An external issuer whose credentials are accepted: data only, the verification is core code. */
export interface TrustedIssuer {
  /** Its name in policies, logs and metrics; unique among all trust stores. */
  readonly name: string;
  /** The exact `iss`; unique among all trust stores. */
  readonly issuer: string;
  readonly keys: IssuerKeySource;
  readonly acceptAs: readonly TrustedRole[];
  /** Types (URIs) of subject and actor tokens that are accepted from it. */
  readonly tokenTypes: readonly string[];
  /** The `aud` values that are accepted; a subject or actor token must hold one of them. */
  readonly audiences: readonly string[];
  /** JWS algorithms that are accepted, whatever a token says. */
  readonly algorithms: readonly VerificationAlgorithm[];
  /** Prefix that makes its `sub` values unique within the trust domain. */
  readonly namespace?: string;
  /** A CEL expression over `claims`, all of them, that yields what stands for `sub`. Left out: `sub` itself. */
  readonly subject?: string;
  readonly trustDomain?: string;
  readonly scope: {
    readonly claim: string;
    /** External scope to internal scopes; what it does not name grants nothing. Without a map, names stay as they are. */
    readonly map?: ReadonlyMap<string, readonly string[]>;
  };
  /** Patterns of the claims that may go further (`*` stands for any run of characters), and of those that may not all the same. */
  readonly claims: { readonly allow: readonly string[]; readonly deny: readonly string[] };
  /** Milliseconds. */
  readonly clockSkew: number;
  /** Milliseconds. */
  readonly expLeeway: number;
  /** Milliseconds since `iat` after which a subject or actor token is too old, whatever its `exp` says. Left out: none, and `iat` may be missing. */
  readonly maxAge?: number;
  /** Longest life of a client assertion, in milliseconds. */
  readonly maxLifetime: number;
  /** Whether tokens bound to a key (`cnf`) are accepted although the binding is not checked. */
  readonly allowBound: boolean;
  /** Whether a client assertion with `jti` may be used more than once. */
  readonly allowReuse: boolean;
}

/** Whom do we trust, and with which keys? */
export interface TrustStore extends Partial<HealthReporter> {
  /** The issuers that are trusted, as of now. Answers from memory. */
  trustedIssuers(): readonly TrustedIssuer[];
  /**
   * A store whose issuers can change while it is open calls this whenever they did; {@link trustedIssuers} is then asked again.
   * Given once, after the instance has opened.
   */
  onChange?(changed: () => void): void;
}
