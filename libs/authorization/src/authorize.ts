import {
  hasCode,
  isSpoken,
  ParsecError,
  UnavailableError,
  type Authorizer,
  type Decision,
  type ExchangeFacts,
  type Permit,
} from '@parsec/plugin-sdk';
import { callWithDeadline } from '@parsec/resilience';
import { matches } from './matches.js';

/** Milliseconds that an authorizer may take. */
const DEADLINE = 2_000;

/** An authorizer under the name that configuration gives it. */
export interface NamedAuthorizer {
  readonly name: string;
  readonly authorizer: Authorizer;
}

/** A refusal by policy, with what decided it. */
export class DeniedError extends ParsecError {
  constructor(
    reason: string,
    readonly authorizer: string,
    readonly rule: string | undefined,
    cause?: unknown,
  ) {
    super('PARSEC_AUTHORIZATION_DENIED', `the authorizer "${authorizer}" does not permit this`, { reason, cause });
  }
}

/** What all authorizers together permit. Their limits add up: each one holds. */
export class Grant {
  /** `authorizer/rule` for every authorizer, for the audit line. */
  readonly rules: readonly string[];
  /** Milliseconds, or `undefined` where no permit sets a limit. */
  readonly maxTtl: number | undefined;
  readonly outliveSubject: boolean;

  constructor(readonly permits: readonly (Permit & { readonly authorizer: string })[]) {
    this.rules = permits.map(({ authorizer, rule }) => (rule === undefined ? authorizer : `${authorizer}/${rule}`));
    const limits = permits.flatMap(({ maxTtl }) => maxTtl ?? []);
    this.maxTtl = limits.length === 0 ? undefined : Math.min(...limits);
    this.outliveSubject = permits.every(({ outliveSubject }) => outliveSubject);
  }

  /** Whether a claim of this name is kept of a subject that is spoken for. */
  keepsClaim(name: string): boolean {
    return this.permits.every(({ subjectClaims = [] }) => subjectClaims.includes(name));
  }

  /** Whether the requester is believed about this member of `request_context` or `request_details`. */
  believes(part: 'context' | 'details', member: string): boolean {
    return this.permits.every((permit) => matches(permit[part], member));
  }
}

/**
 * Asks every authorizer; all must permit.
 * @param spokenNamespace of a subject that is spoken for: the namespace of a trusted issuer that it is in
 * @throws DeniedError where one denies, errs, answers nonsense, or permits only something else
 * @throws UnavailableError where one cannot be reached or does not answer in time
 */
export async function authorize(
  authorizers: readonly NamedAuthorizer[],
  facts: ExchangeFacts,
  signal: AbortSignal,
  spokenNamespace?: string,
): Promise<Grant> {
  // Nothing can be permitted where nobody was asked; configuration refuses this earlier.
  if (authorizers.length === 0) throw new DeniedError('no_authorizer', '', undefined);
  const decisions = await Promise.all(authorizers.map((authorizer) => ask(authorizer, facts, signal)));
  const permits = decisions.map((decision, index) => {
    const authorizer = authorizers[index]?.name ?? '';
    if (decision.outcome !== 'permit') throw new DeniedError(decision.reason, authorizer, decision.rule);
    const exceeded = findExceededLimit(decision, facts, spokenNamespace);
    if (exceeded !== undefined) throw new DeniedError(exceeded, authorizer, decision.rule);
    return { ...decision, authorizer };
  });
  return new Grant(permits);
}

async function ask({ name, authorizer }: NamedAuthorizer, facts: ExchangeFacts, signal: AbortSignal): Promise<Decision> {
  let decision: unknown;
  try {
    decision = await callWithDeadline((context) => authorizer.authorize(facts, context), {
      milliseconds: DEADLINE,
      signal,
      what: `authorizer "${name}"`,
    });
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'PARSEC_UNAVAILABLE')) throw new UnavailableError(`authorizer "${name}" is unavailable`, { cause: error });
    throw new DeniedError('authorizer_error', name, undefined, error);
  }
  if (!isDecision(decision)) throw new DeniedError('authorizer_error', name, undefined, new Error('its answer is no decision'));
  return decision;
}

/** Plugins may be written in plain JavaScript, and an answer that is not understood must not become a permit. */
function isDecision(answer: unknown): answer is Decision {
  if (typeof answer !== 'object' || answer === null) return false;
  const { outcome, rule = '', reason } = answer as { outcome?: unknown; rule?: unknown; reason?: unknown };
  if (typeof rule !== 'string') return false;
  return outcome === 'permit' ? isPermit(answer) : outcome === 'deny' && typeof reason === 'string';
}

/** A token lives a second at least, so a shorter limit is no permit. */
function isPermit({
  tokenTypes,
  scopes,
  grantScopes,
  context,
  details,
  trustedIssuers = [],
  subjectTokenTypes = [],
  subjects = [],
  subjectClaims = [],
  subjectNamespaces = [],
  ...rest
}: Partial<Permit>): boolean {
  const { maxTtl = Number.MAX_SAFE_INTEGER, outliveSubject } = rest;
  const lists = [
    tokenTypes,
    scopes,
    grantScopes,
    context,
    details,
    trustedIssuers,
    subjectTokenTypes,
    subjects,
    subjectClaims,
    subjectNamespaces,
  ];
  return lists.every(isTextList) && typeof outliveSubject === 'boolean' && Number.isFinite(maxTtl) && maxTtl >= 1_000;
}

function isTextList(list: unknown): boolean {
  return Array.isArray(list) && list.every((item) => typeof item === 'string');
}

function findExceededLimit(permit: Permit, { subject, request }: ExchangeFacts, spokenNamespace: string | undefined): string | undefined {
  if (!matches(permit.tokenTypes, request.tokenType)) return 'token_type_not_permitted';
  if (permit.trustedIssuers !== undefined && !matches(permit.trustedIssuers, subject.trustedIssuer)) return 'trusted_issuer_not_permitted';
  if (permit.subjectTokenTypes !== undefined && !matches(permit.subjectTokenTypes, subject.tokenType)) {
    return 'subject_token_type_not_permitted';
  }
  if (permit.subjects !== undefined && !matches(permit.subjects, subject.sub)) return 'subject_not_permitted';
  if (!isSpoken(subject.tokenType)) return undefined;
  // Who speaks for others was named for that, or it was not meant.
  if (permit.subjectTokenTypes?.includes(subject.tokenType) !== true) return 'subject_token_type_not_permitted';
  if (permit.subjects === undefined) return 'subject_not_permitted';
  const mayEnter = spokenNamespace === undefined || permit.subjectNamespaces?.includes(spokenNamespace) === true;
  return mayEnter ? undefined : 'subject_namespace_not_permitted';
}
