import { Injectable } from '@nestjs/common';
import { definePlugin, type Authorizer, type CallContext, type Decision, type ExchangeFacts, type Permit } from '@parsec/plugin-sdk';
import { sampleFacts, samplePrincipal } from '../../sample-facts.js';
import type { ContractFixture } from '../fixture.js';
import type { BrokenPlugin } from './broken-plugin.fixture.js';
import { GOOD_FIXTURE, GoodInstance, GoodOptions } from './good-instance.fixture.js';
import { remote } from './remote.fixture.js';

const PERMIT: Permit = {
  outcome: 'permit',
  rule: 'traders',
  tokenTypes: ['*'],
  scopes: ['trade.*'],
  grantScopes: [],
  context: [],
  details: [],
  maxTtl: 60_000,
  outliveSubject: false,
};

@Injectable()
class GoodAuthorizer extends GoodInstance implements Authorizer {
  async authorize({ subject }: ExchangeFacts, { signal }: CallContext): Promise<Decision> {
    await remote.answer(signal);
    return subject.sub === 'nobody' ? { outcome: 'deny', reason: 'no_rule' } : PERMIT;
  }
}

export const GOOD_AUTHORIZER: ContractFixture<'authorizer'> = {
  ...GOOD_FIXTURE,
  plugin: definePlugin({ kind: 'authorizer', type: 'good', apiVersion: 1, options: GoodOptions, instance: GoodAuthorizer }),
  permitted: sampleFacts(),
  denied: sampleFacts({ subject: samplePrincipal({ sub: 'nobody' }) }),
};

function authorizer(instance: typeof GoodAuthorizer): ContractFixture<'authorizer'> {
  return { ...GOOD_AUTHORIZER, plugin: { ...GOOD_AUTHORIZER.plugin, instance } };
}

function deciding(decision: Decision): ContractFixture<'authorizer'> {
  return authorizer(
    class extends GoodAuthorizer {
      override async authorize(): Promise<Decision> {
        return decision;
      }
    },
  );
}

const permits = (fault: string, says: string, changes: Partial<Permit>): BrokenPlugin<'authorizer'> => ({
  check: 'a permit states its limits',
  fault,
  says,
  fixture: deciding({ ...PERMIT, ...changes }),
});

export const BROKEN_AUTHORIZERS: readonly BrokenPlugin<'authorizer'>[] = [
  {
    check: 'a permit states its limits',
    fault: 'denies everything',
    says: "'deny' !== 'permit'",
    fixture: deciding({ outcome: 'deny', reason: 'no' }),
  },
  permits('permits without a word on scopes', 'scopes is no list of texts', { scopes: undefined as never }),
  permits('permits a list that is a text', 'details is no list of texts', { details: '*' as never }),
  permits('grants scopes by pattern', 'grantScopes are exact names', { grantScopes: ['trade.*'] }),
  permits('permits tokens that never live', 'maxTtl', { maxTtl: 0 }),
  permits('does not say whether a token may outlive its subject', 'outliveSubject', { outliveSubject: undefined as never }),
  { check: 'a denial has a reason code', fault: 'permits everything', says: "'permit' !== 'deny'", fixture: deciding(PERMIT) },
  {
    check: 'a denial has a reason code',
    fault: 'denies in prose',
    says: 'did not match the regular expression',
    fixture: deciding({ outcome: 'deny', reason: 'Not you!' }),
  },
  {
    check: 'an error is never a permit',
    fault: 'permits when it cannot ask',
    says: "'permit' !== 'deny'",
    fixture: authorizer(
      class extends GoodAuthorizer {
        override authorize(facts: ExchangeFacts, context: CallContext): Promise<Decision> {
          return super.authorize(facts, context).catch(() => PERMIT);
        }
      },
    ),
  },
];
