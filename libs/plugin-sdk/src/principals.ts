import type { JsonObject } from './json.js';

/** A verified party of the exchange: subject, requester or actor. Expressions see the same facts in snake_case. */
export interface Principal {
  /** Unique within the trust domain: `<namespace>:<sub>` where the trusted issuer has a namespace. */
  readonly sub: string;
  /** The credential's `iss`. */
  readonly issuer: string;
  /** The name that configuration gives this issuer. */
  readonly trustedIssuer: string;
  /** The trust domain the issuer speaks for, where configuration names one. */
  readonly trustDomain: string | null;
  /** The type of the credential, a URI (RFC 8693 section 3). */
  readonly tokenType: string;
  /** The internal scopes that the credential allows, or `null` where it does not say. */
  readonly scope: readonly string[] | null;
  readonly audience: readonly string[];
  /** The claims that the trusted issuer's configuration lets through. */
  readonly claims: JsonObject;
}

/** What is asked for, and what the caller says about the call it serves. */
export interface RequestFacts {
  /** The requested token type, a URI. */
  readonly tokenType: string;
  readonly audience: string;
  readonly scope: readonly string[];
  /** Address of the peer of this call, as the socket has it. */
  readonly peerIp: string;
  /** `request_context`. What the caller says is never authority. */
  readonly context: JsonObject;
  /** `request_details`. What the caller says is never authority. */
  readonly details: JsonObject;
}

/** Everything that expressions, authorizers and data sources may look at. */
export interface ExchangeFacts {
  readonly subject: Principal;
  readonly requester: Principal;
  readonly actor: Principal | null;
  readonly request: RequestFacts;
  /** Milliseconds since the epoch; one moment for the whole exchange. */
  readonly now: number;
}

/** What every call of an instance gets beside its arguments. */
export interface CallContext {
  /** Aborted when the answer is no longer wanted: deadline, caller gone, shutdown. Stop promptly. */
  readonly signal: AbortSignal;
}
