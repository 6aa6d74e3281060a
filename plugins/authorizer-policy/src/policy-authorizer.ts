import { Inject, Injectable } from '@nestjs/common';
import {
  compilePatterns,
  isSpoken,
  LOGGER,
  type Authorizer,
  type CallContext,
  type Decision,
  type ExchangeFacts,
  type JsonObject,
  type Permit,
  type PluginLogger,
  type RequestFacts,
} from '@parsec/plugin-sdk';
import {
  compileExpression,
  exchangeVariables,
  POLICY_SCOPE,
  requestVariable,
  type Expression,
  type ExpressionVariables,
} from '@parsec/plugin-sdk/cel';
import { PolicyOptions, type PermitOptions, type RuleOptions } from './options.js';

interface Rule {
  readonly name: string;
  readonly when: Expression;
  readonly permit: Permit;
  readonly believesContext: (member: string) => boolean;
  readonly believesDetails: (member: string) => boolean;
}

/** Authorization by rules: the first whose `when` is true decides. No rule, or an error in any `when` on the way, denies. */
@Injectable()
export class PolicyAuthorizer implements Authorizer {
  readonly #rules: readonly Rule[];
  readonly #logger: PluginLogger;

  constructor(options: PolicyOptions, @Inject(LOGGER) logger: PluginLogger) {
    this.#rules = options.rules.map(compileRule);
    this.#logger = logger;
  }

  async authorize(facts: ExchangeFacts, { signal }: CallContext): Promise<Decision> {
    signal.throwIfAborted();
    const variables = exchangeVariables(facts);
    for (const rule of this.#rules) {
      const request = requestVariable(believedRequest(facts.request, rule));
      const matched = this.#matches(rule, { ...variables, request, ...believedSubject(facts, rule) });
      if (matched === 'error') return { outcome: 'deny', reason: 'policy_error', rule: rule.name };
      if (matched) return rule.permit;
    }
    return { outcome: 'deny', reason: 'no_rule_matched' };
  }

  #matches(rule: Rule, variables: ExpressionVariables): boolean | 'error' {
    try {
      const result = rule.when.evaluate({ variables });
      if (typeof result === 'boolean') return result;
    } catch {
      // What the expression was given may be personal, and the error may hold it.
    }
    this.#logger.warn('the condition of a policy rule failed, which denies', { rule: rule.name });
    return 'error';
  }
}

/** A condition sees of the caller's own words only those that its rule believes. */
function believedRequest(request: RequestFacts, { believesContext, believesDetails }: Rule): RequestFacts {
  return { ...request, context: pick(request.context, believesContext), details: pick(request.details, believesDetails) };
}

/** Of a subject that is the requester's own word, a condition sees the claims that its rule keeps. */
function believedSubject(facts: ExchangeFacts, { permit: { subjectClaims = [] } }: Rule): ExpressionVariables {
  const { subject } = facts;
  if (!isSpoken(subject.tokenType)) return {};
  const claims = pick(subject.claims, (name) => subjectClaims.includes(name));
  const { subject: variable = null } = exchangeVariables({ ...facts, subject: { ...subject, claims } });
  return { subject: variable };
}

function pick(object: JsonObject, believed: (member: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([member]) => believed(member)));
}

function compileRule({ name, when, permit }: RuleOptions): Rule {
  return {
    name,
    when: compileExpression(when, POLICY_SCOPE),
    permit: readPermit(name, permit),
    believesContext: compilePatterns(permit.context),
    believesDetails: compilePatterns(permit.details),
  };
}

function readPermit(rule: string, permit: PermitOptions): Permit {
  const { trusted_issuers: trustedIssuers, subject_token_types: subjectTokenTypes, max_ttl: maxTtl, subjects } = permit;
  return {
    outcome: 'permit',
    rule,
    tokenTypes: permit.token_types,
    scopes: permit.scopes,
    grantScopes: permit.grant_scopes,
    context: permit.context,
    details: permit.details,
    outliveSubject: permit.outlive_subject,
    subjectClaims: permit.subject_claims,
    subjectNamespaces: permit.subject_namespaces,
    ...(subjects === undefined ? {} : { subjects }),
    ...(trustedIssuers === undefined ? {} : { trustedIssuers }),
    ...(subjectTokenTypes === undefined ? {} : { subjectTokenTypes }),
    ...(maxTtl === undefined ? {} : { maxTtl }),
  };
}
