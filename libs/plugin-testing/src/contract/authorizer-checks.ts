import assert from 'node:assert/strict';
import type { Decision, Permit } from '@parsec/plugin-sdk';
import { sampleFacts } from '../sample-facts.js';
import { given, patientContext, type Calls, type ContractCheck } from './check.js';
import type { ContractFixture } from './fixture.js';
import { withInstance } from './place.js';
import { promptly } from './promptly.js';

const REASON = /^[a-z0-9_]+$/;

/** The call of an authorizer. */
export const AUTHORIZER_CALLS: Calls<'authorizer'> = {
  authorize:
    async (authorizer, { permitted = sampleFacts() }) =>
    (context) =>
      authorizer.authorize(permitted, context),
};

/** What holds of every authorizer. */
export const AUTHORIZER_CHECKS: readonly ContractCheck<ContractFixture<'authorizer'>>[] = [
  {
    name: 'a permit states its limits',
    run: (fixture) =>
      withInstance(fixture, async ({ api }) => {
        const decision = await api.authorize(given(fixture.permitted, 'permitted'), patientContext());
        assert.equal(decision.outcome, 'permit');
        assertWellFormed(decision);
      }),
  },
  {
    name: 'a denial has a reason code',
    run: (fixture) =>
      withInstance(fixture, async ({ api }) => {
        const decision = await api.authorize(given(fixture.denied, 'denied'), patientContext());
        assert.equal(decision.outcome, 'deny');
        assertWellFormed(decision);
      }),
  },
  {
    name: 'an error is never a permit',
    run: (fixture) =>
      withInstance(fixture, ({ api }) =>
        given(
          fixture.whileFailing,
          'whileFailing',
        )(async () => {
          const asked = api.authorize(given(fixture.permitted, 'permitted'), patientContext());
          const decision = await promptly(
            asked.catch(() => undefined),
            'authorize, while it was failing,',
          );
          if (decision === undefined) return;
          assert.equal(decision.outcome, 'deny');
          assertWellFormed(decision);
        }),
      ),
  },
];

function assertWellFormed(decision: Decision): void {
  assert.ok(decision.rule === undefined || typeof decision.rule === 'string', 'rule is no text');
  if (decision.outcome === 'permit') assertPermit(decision);
  else assert.match(decision.reason, REASON);
}

function assertPermit(permit: Permit): void {
  for (const list of ['tokenTypes', 'scopes', 'grantScopes', 'context', 'details'] as const) assertTexts(list, permit[list]);
  for (const list of ['trustedIssuers', 'subjectTokenTypes'] as const) assertTexts(list, permit[list] ?? []);
  assert.ok(!permit.grantScopes.some((scope) => scope.includes('*')), 'grantScopes are exact names');
  assert.equal(typeof permit.outliveSubject, 'boolean', 'outliveSubject');
  assert.ok(permit.maxTtl === undefined || (Number.isFinite(permit.maxTtl) && permit.maxTtl > 0), 'maxTtl');
}

function assertTexts(name: string, values: readonly unknown[]): void {
  assert.ok(Array.isArray(values) && values.every((value) => typeof value === 'string'), `${name} is no list of texts`);
}
