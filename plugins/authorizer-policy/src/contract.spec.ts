import { describe, expect, it } from '@jest/globals';
import type { Decision, ExchangeFacts } from '@parsec/plugin-sdk';
import { describeContract, sampleFacts, samplePrincipal, withInstance } from '@parsec/plugin-testing';
import plugin from './index.js';

const rule = (name: string, when: string, permit: object = {}): object => ({ name, when, permit });
const rules = (...all: readonly object[]): { rules: readonly object[] } => ({ rules: all });
const fromGateway = 'requester.sub == "gateway.trust-domain.example"';

describeContract({
  plugin,
  options: rules(rule('gateway', fromGateway, { scopes: ['trade.*'], token_types: ['*'], context: ['req_ip'], max_ttl: '60s' })),
  permitted: sampleFacts(),
  denied: sampleFacts({ requester: samplePrincipal({ sub: 'somebody.else' }) }),
  invalidOptions: [
    {},
    rules(),
    rules({ name: 'a', when: 'true' }),
    rules({ name: 'a', permit: {} }),
    rules(rule('A b', 'true')),
    rules(rule('a', 'requester.sb == "x"')),
    rules(rule('a', 'datasource("x") == 1')),
    rules(rule('a', 'true'), rule('a', 'false')),
    rules(rule('a', 'true', { scopes: 'all' })),
    rules(rule('a', 'true', { grant_scopes: ['trade.*'] })),
    rules(rule('a', 'true', { scopes: ['trade.*'], grant_scopes: ['admin'] })),
    rules(rule('a', 'true', { max_ttl: 60 })),
    rules(rule('a', 'true', { scope: ['a'] })),
    rules(rule('a', 'true', { outlive_subject: 'no' })),
  ],
  cannot: {
    'a failed open releases everything': 'it opens nothing',
    'no error and no log line holds a secret': 'it is given none',
    'a call that pends ends when it is aborted': 'it answers without waiting for anything',
    'an error is never a permit': 'nothing outside can make it fail; what a condition that errs leads to is tested beside this',
  },
});

async function decide(options: object, facts: ExchangeFacts = sampleFacts()): Promise<Decision> {
  let decision: Decision | undefined;
  await withInstance({ plugin, options: { ...options } }, async ({ api }) => {
    decision = await api.authorize(facts, { signal: new AbortController().signal });
  });
  return decision as Decision;
}

describe('a policy', () => {
  it('lets the first rule decide whose condition is true', async () => {
    const decision = await decide(
      rules(rule('no', 'false'), rule('first', 'true', { scopes: ['a'] }), rule('second', 'true', { scopes: ['*'] })),
    );
    expect(decision).toMatchObject({ outcome: 'permit', rule: 'first', scopes: ['a'] });
  });

  it('denies where no rule matches', async () => {
    expect(await decide(rules(rule('no', 'false')))).toEqual({ outcome: 'deny', reason: 'no_rule_matched' });
  });

  it.each(['subject.claims.missing == "x"', '1 / 0 == 1', 'subject.sub', 'subject.claims.email'])(
    'denies where the condition %s fails, although a later rule would permit',
    async (when) => {
      expect(await decide(rules(rule('broken', when), rule('open', 'true', { scopes: ['*'] })))).toEqual({
        outcome: 'deny',
        reason: 'policy_error',
        rule: 'broken',
      });
    },
  );

  it('shows a condition only what its rule believes of the caller', async () => {
    const when = 'has(request.context.req_ip)';
    expect(await decide(rules(rule('a', when, { context: ['other'] })))).toMatchObject({ outcome: 'deny' });
    expect(await decide(rules(rule('a', when, { context: ['req_*'] })))).toMatchObject({ outcome: 'permit' });
  });

  it('permits nothing that a rule leaves out where that would widen', async () => {
    expect(await decide(rules(rule('bare', 'true')))).toEqual({
      outcome: 'permit',
      rule: 'bare',
      tokenTypes: [],
      scopes: [],
      grantScopes: [],
      context: [],
      details: [],
      outliveSubject: true,
      subjectClaims: [],
      subjectNamespaces: [],
    });
  });
});
