import type { HealthReporter } from '../health.js';
import type { CallContext, ExchangeFacts } from '../principals.js';

/**
 * Permission with limits. Limits only narrow: where several authorizers permit, all their limits hold.
 * A permit is not changed once it was given, nor any list in it.
 * A list of patterns permits what one of them matches (`*` stands for any run of characters); an empty one permits nothing.
 */
export interface Permit {
  readonly outcome: 'permit';
  /** Name of what decided, for the audit line. */
  readonly rule?: string;
  /** Patterns of trusted issuers' names. Left out: any. */
  readonly trustedIssuers?: readonly string[];
  /** Patterns of subject token types. Left out: any that the trusted issuer allows. */
  readonly subjectTokenTypes?: readonly string[];
  /** Patterns of `sub` of subjects. Left out: any, but none that is spoken for. */
  readonly subjects?: readonly string[];
  /** Exact names of the claims that are kept of a subject that is spoken for (`isSpoken`). Left out: none. */
  readonly subjectClaims?: readonly string[];
  /** Namespaces of trusted issuers that a subject may be in which is spoken for. Left out: none. */
  readonly subjectNamespaces?: readonly string[];
  /** Patterns of token types that may be asked for. */
  readonly tokenTypes: readonly string[];
  /** Patterns of scopes. Only limits: what the subject's credential does not allow stays refused. */
  readonly scopes: readonly string[];
  /** Exact scopes for credentials that do not say what they allow; then the only source. */
  readonly grantScopes: readonly string[];
  /** Patterns of the members of `request_context` that the requester is believed about. */
  readonly context: readonly string[];
  /** Patterns of the members of `request_details` that the requester is believed about. */
  readonly details: readonly string[];
  /** Longest life of the token, in milliseconds. Left out: the token issuer's own. */
  readonly maxTtl?: number;
  /** `false`: the token ends no later than the subject's credential. */
  readonly outliveSubject: boolean;
}

export interface Denial {
  readonly outcome: 'deny';
  /** A stable word (`[a-z0-9_]+`) for the audit line. The caller never sees it. */
  readonly reason: string;
  readonly rule?: string;
}

export type Decision = Permit | Denial;

/** May this requester have this token for this subject? */
export interface Authorizer extends Partial<HealthReporter> {
  /**
   * `facts.request.context` and `.details` are all that the caller sent: say in the permit what it is believed about.
   * An error is never a permit. Throws `UnavailableError` where trying again later may help.
   */
  authorize(facts: ExchangeFacts, context: CallContext): Promise<Decision>;
}
