import type { CelInput } from '@bufbuild/cel';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ExchangeFacts, Principal, RequestFacts } from '../principals.js';
import type { ExpressionScope, ExpressionVariables } from './expression.js';
import { toCel } from './values.js';

const PRINCIPAL_FIELDS = ['sub', 'issuer', 'trusted_issuer', 'trust_domain', 'token_type', 'scope', 'audience', 'claims'];

const VARIABLES: ExpressionScope['variables'] = {
  subject: PRINCIPAL_FIELDS,
  requester: PRINCIPAL_FIELDS,
  actor: PRINCIPAL_FIELDS,
  request: ['token_type', 'audience', 'scope', 'peer_ip', 'context', 'details'],
  now: undefined,
};

/** What the expressions of policies may use. */
export const POLICY_SCOPE: ExpressionScope = { variables: VARIABLES, dataSources: false };
/** What the expressions of claim mappings may use. */
export const CLAIMS_SCOPE: ExpressionScope = { variables: VARIABLES, dataSources: true };

/** What the expression that finds the subject in a token may use. */
export const SUBJECT_SCOPE: ExpressionScope = { variables: { claims: undefined }, dataSources: false };

/** The facts of an exchange under the names that expressions use. */
export function exchangeVariables(facts: ExchangeFacts): ExpressionVariables {
  const { subject, requester, actor, request, now } = facts;
  return {
    subject: principalVariable(subject),
    requester: principalVariable(requester),
    actor: actor === null ? null : principalVariable(actor),
    request: requestVariable(request),
    now: timestampFromMs(now),
  };
}

/** The value of `request` by itself, for whoever shows expressions less of it than was sent. */
export function requestVariable(request: RequestFacts): CelInput {
  return new Map<string, CelInput>([
    ['token_type', request.tokenType],
    ['audience', request.audience],
    ['scope', toCel(request.scope)],
    ['peer_ip', request.peerIp],
    ['context', toCel(request.context)],
    ['details', toCel(request.details)],
  ]);
}

function principalVariable(principal: Principal): CelInput {
  return toCel({
    sub: principal.sub,
    issuer: principal.issuer,
    trusted_issuer: principal.trustedIssuer,
    trust_domain: principal.trustDomain,
    token_type: principal.tokenType,
    scope: principal.scope,
    audience: principal.audience,
    claims: principal.claims,
  });
}
