import { createHash, randomUUID } from 'node:crypto';
import { authorize, DeniedError, grantScope, type Grant, type NamedAuthorizer } from '@parsec/authorization';
import { gatherData, type ClaimMapper, type ConfiguredDataSource } from '@parsec/context';
import type { IssuedToken, TokenIssuer } from '@parsec/issuance';
import { isSpoken, ParsecError, type Clock, type ExchangeFacts, type JsonObject } from '@parsec/plugin-sdk';
import {
  authenticateRequester,
  TokenError,
  verifyActor,
  verifySubject,
  type RequesterCredentials,
  type RequesterTrust,
} from '@parsec/trust';
import { ExchangeRecord } from './exchange-record.js';
import type { FormParameters } from './form.js';
import { readCredentials, readRequest } from './read-request.js';

/** A token type that may be asked for, with everything that its making needs. */
export interface TokenRoute {
  readonly issuer: TokenIssuer;
  readonly authorizers: readonly NamedAuthorizer[];
  readonly mapper: ClaimMapper;
  /** Those that the mapper asks. */
  readonly dataSources: readonly ConfiguredDataSource[];
}

/** What the road stands on: one generation, compiled. */
export interface ExchangeSettings {
  readonly trustDomain: string;
  /** By requested token type. */
  readonly routes: ReadonlyMap<string, TokenRoute>;
  readonly trust: RequesterTrust;
  readonly maxJsonDepth: number;
  readonly clock: Clock;
  readonly observer: ExchangeObserver;
}

/** Hears of every exchange once, when it is over. */
export interface ExchangeObserver {
  issued(record: ExchangeRecord): void;
  /** @param reference what a caller who was told of an unforeseen error can quote */
  refused(record: ExchangeRecord, error: ParsecError, reference: string): void;
}

/** One call, as the protocol's adapter sees it. */
export interface ExchangeCall {
  /** Reads the parameters; its errors are refusals like any other. */
  readonly form: () => Promise<FormParameters>;
  /** An `Authorization` header. */
  readonly authorization?: RequesterCredentials['authorization'];
  readonly peerIp: string;
  /** Trace id of the caller's trace (W3C Trace Context). */
  readonly traceId?: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** The answer to one call. */
export type ExchangeOutcome =
  | {
      readonly outcome: 'issued';
      readonly token: string;
      readonly tokenType: string;
      readonly expiresIn: number;
      readonly scope: readonly string[];
    }
  | { readonly outcome: 'refused'; readonly error: ParsecError; readonly reference: string };

/** Names of ignored members that an audit line holds at most; a caller may send thousands. */
const MAX_IGNORED_NAMES = 20;
/** Names of ignored members that are told as they are. Anything else may be a piece of a credential. */
const PLAIN_NAME = /^(?:context|details)\.[A-Za-z0-9_]{1,32}$/;

/** The road of one exchange: each step stands on what came before, and the first failure answers. */
export class Exchange {
  constructor(private readonly settings: ExchangeSettings) {}

  /** Never rejects. */
  async run(call: ExchangeCall): Promise<ExchangeOutcome> {
    const record = new ExchangeRecord(call.peerIp, call.traceId);
    try {
      const outcome = await this.#travel(call, record);
      this.settings.observer.issued(record);
      return outcome;
    } catch (error) {
      return this.#refuse(error, record);
    }
  }

  /** Accounts for a call that the protocol's adapter had to refuse before there was anything to read. */
  refuse(error: unknown, { peerIp, traceId }: Pick<ExchangeCall, 'peerIp' | 'traceId'>): ExchangeOutcome {
    return this.#refuse(error, new ExchangeRecord(peerIp, traceId));
  }

  async #travel(call: ExchangeCall, record: ExchangeRecord): Promise<ExchangeOutcome> {
    const { trustDomain, routes, trust, maxJsonDepth, clock } = this.settings;
    const { signal, peerIp } = call;
    const { facts } = record;

    const form = await record.step('parse', call.form);
    // A body may take long to arrive; what holds now must hold when it is there.
    const now = clock.now();
    const requester = await record.step('authenticate', () => authenticateRequester(readCredentials(form, call.authorization), trust, now));
    facts.req_wl = requester.principal.sub;

    const request = await record.step('read', () =>
      readRequest(form, {
        trustDomain,
        tokenIssuers: routes,
        acceptsTokenType: (role, tokenType) => trust.issuers.acceptsTokenType(role, tokenType),
        maxJsonDepth,
      }),
    );
    const { issuer, authorizers, mapper, dataSources } = request.tokenIssuer;
    facts.token_type = issuer.tokenType;
    facts.subject_token_type = request.subject.tokenType;
    refuseReserved(mapper, request.context, request.details);

    const subject = await record.step('verify', () => verifySubject(request.subject, requester, trust, now));
    facts.sub = subject.principal.sub;
    facts.trusted_issuer = subject.principal.trustedIssuer;
    const actor = await record.step('verify_actor', () => request.actor && verifyActor(request.actor, { requester, subject }, trust, now));
    if (actor !== undefined) facts.actor = actor.principal.sub;

    const asked: ExchangeFacts = {
      subject: subject.principal,
      requester: requester.principal,
      actor: actor?.principal ?? null,
      request: {
        tokenType: issuer.tokenType,
        audience: trustDomain,
        scope: request.scope,
        peerIp,
        context: request.context,
        details: request.details,
      },
      now,
    };
    const { grant, scope } = await record.step('authorize', async () => {
      const permitted = await authorize(authorizers, asked, signal, subject.spokenNamespace);
      return { grant: permitted, scope: grantScope(request.scope, subject.principal.scope, permitted) };
    });
    facts.rules = grant.rules;
    facts.scope = scope.join(' ');

    const believed = believedFacts(asked, grant, record);
    const { data, leftOut } = await record.step('gather', () => gatherData(dataSources, believed, { signal, maxJsonDepth }));
    if (leftOut.length > 0) facts.left_out = leftOut;
    const claims = await record.step('map', () => mapper.map(believed, data, maxJsonDepth));

    const issued: IssuedToken = await record.step('issue', () =>
      issuer.issue(
        {
          sub: subject.principal.sub,
          requester: requester.principal.sub,
          scope,
          claims,
          now,
          maxTtl: grant.maxTtl,
          notAfter: grant.outliveSubject ? undefined : subject.expiresAt,
          credentials: [request.subject.token, requester.credential, ...(request.actor === undefined ? [] : [request.actor.token])],
        },
        signal,
      ),
    );
    facts.txn = issued.txn;
    facts.token_hash = createHash('sha256').update(issued.token).digest('base64url');
    facts.token_bytes = issued.token.length;
    return { outcome: 'issued', token: issued.token, tokenType: issuer.tokenType, expiresIn: issued.expiresIn, scope };
  }

  #refuse(error: unknown, record: ExchangeRecord): ExchangeOutcome {
    const refusal = error instanceof ParsecError ? error : new ParsecError('PARSEC_INTERNAL', 'an unforeseen error', { cause: error });
    if (refusal instanceof TokenError && refusal.trustedIssuer !== undefined) record.facts.trusted_issuer = refusal.trustedIssuer;
    if (refusal instanceof DeniedError)
      record.facts.rules = [refusal.rule === undefined ? refusal.authorizer : `${refusal.authorizer}/${refusal.rule}`];
    const reference = randomUUID();
    this.settings.observer.refused(record, refusal, reference);
    return { outcome: 'refused', error: refusal, reference };
  }
}

function refuseReserved(mapper: ClaimMapper, context: JsonObject, details: JsonObject): void {
  for (const [part, sent] of [['context', context] as const, ['details', details] as const]) {
    if (mapper.findReserved(part, sent) === undefined) continue;
    throw new ParsecError('PARSEC_CONTEXT_MEMBER_RESERVED', `request_${part} supplies a member that is computed here`, {
      reason: 'context_member_reserved',
      publicText: `The request_${part} has a member that this service sets itself.`,
    });
  }
}

/** The facts with context and details reduced to what the requester is believed about. */
function believedFacts(facts: ExchangeFacts, grant: Grant, record: ExchangeRecord): ExchangeFacts {
  const ignored: string[] = [];
  const believedPart = (part: 'context' | 'details'): JsonObject =>
    Object.fromEntries(
      Object.entries(facts.request[part]).filter(([member]) => {
        const believed = grant.believes(part, member);
        if (!believed) ignored.push(`${part}.${member}`);
        return believed;
      }),
    );
  const request = { ...facts.request, context: believedPart('context'), details: believedPart('details') };
  const claims = isSpoken(facts.subject.tokenType)
    ? Object.fromEntries(Object.entries(facts.subject.claims).filter(([name]) => grant.keepsClaim(name)))
    : facts.subject.claims;
  if (ignored.length > 0) {
    record.facts.ignored_count = ignored.length;
    record.facts.ignored_members = ignored.filter((name) => PLAIN_NAME.test(name)).slice(0, MAX_IGNORED_NAMES);
  }
  return { ...facts, subject: { ...facts.subject, claims }, request };
}
