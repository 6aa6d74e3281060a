import { describe, expect, it } from '@jest/globals';
import { UnavailableError, type Authorizer, type Decision, type Permit } from '@parsec/plugin-sdk';
import { sampleFacts } from '@parsec/plugin-testing';
import { authorize, type Grant, type NamedAuthorizer } from './authorize.js';

const permit: Permit = {
  outcome: 'permit',
  rule: 'all',
  tokenTypes: ['*'],
  scopes: ['*'],
  grantScopes: [],
  context: ['*'],
  details: ['*'],
  outliveSubject: true,
};
const signal = new AbortController().signal;
const named = (name: string, decide: Authorizer['authorize']): NamedAuthorizer => ({ name, authorizer: { authorize: decide } });
const answering = (name: string, decision: unknown): NamedAuthorizer => named(name, () => Promise.resolve(decision as Decision));
const ask = (...authorizers: NamedAuthorizer[]): Promise<Grant> => authorize(authorizers, sampleFacts(), signal);

describe('authorization', () => {
  it('needs the permit of every authorizer, and every limit holds', async () => {
    const grant = await ask(
      answering('one', { ...permit, context: ['a', 'b'], maxTtl: 60_000 }),
      answering('two', { ...permit, rule: undefined, context: ['b', 'c'], maxTtl: 30_000, outliveSubject: false }),
    );
    expect(grant).toMatchObject({ rules: ['one/all', 'two'], maxTtl: 30_000, outliveSubject: false });
    expect(['a', 'b', 'c'].map((member) => grant.believes('context', member))).toEqual([false, true, false]);
  });

  it('is refused where one denies, with its reason', async () => {
    await expect(
      ask(answering('one', permit), answering('two', { outcome: 'deny', reason: 'too_late', rule: 'hours' })),
    ).rejects.toMatchObject({
      code: 'PARSEC_AUTHORIZATION_DENIED',
      reason: 'too_late',
      authorizer: 'two',
      rule: 'hours',
    });
  });

  it('is refused where nobody is asked', async () => {
    await expect(ask()).rejects.toMatchObject({ reason: 'no_authorizer' });
  });

  it.each<[string, Partial<Permit>]>([
    ['token_type_not_permitted', { tokenTypes: ['urn:other'] }],
    ['token_type_not_permitted', { tokenTypes: [] }],
    ['trusted_issuer_not_permitted', { trustedIssuers: ['other_*'] }],
    ['trusted_issuer_not_permitted', { trustedIssuers: [] }],
    ['subject_token_type_not_permitted', { subjectTokenTypes: ['urn:other'] }],
  ])('is refused for %s where the permit is for something else', async (reason, limits) => {
    await expect(ask(answering('one', permit), answering('two', { ...permit, ...limits }))).rejects.toMatchObject({
      reason,
      authorizer: 'two',
    });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['true', true],
    ['a text', 'permit'],
    ['a bare permit', { outcome: 'permit' }],
    ['a permit with a text for a list', { ...permit, scopes: '*' }],
    ['a permit with numbers in a list', { ...permit, details: [1] }],
    ['a permit without an answer about the end', { ...permit, outliveSubject: undefined }],
    ['a permit for less than a second', { ...permit, maxTtl: 1 }],
    ['a permit for ever', { ...permit, maxTtl: Infinity }],
    ['a permit of a strange rule', { ...permit, rule: {} }],
    ['a denial without a reason', { outcome: 'deny' }],
    ['another outcome', { ...permit, outcome: 'allow' }],
  ])('takes %s for a refusal', async (_name, answer) => {
    await expect(ask(answering('one', permit), answering('two', answer))).rejects.toMatchObject({
      reason: 'authorizer_error',
      authorizer: 'two',
    });
  });

  it.each<[string, Authorizer['authorize']]>([
    ['throws', () => { throw new TypeError('x'); }], // prettier-ignore
    ['rejects', () => Promise.reject(new Error('x'))],
    ['rejects with nothing', () => Promise.reject(undefined as unknown as Error)],
  ])('takes one that %s for a refusal', async (_name, decide) => {
    await expect(ask(answering('one', permit), named('two', decide))).rejects.toMatchObject({
      code: 'PARSEC_AUTHORIZATION_DENIED',
      reason: 'authorizer_error',
    });
  });

  it('is unavailable where one is', async () => {
    await expect(
      ask(
        answering('one', permit),
        named('two', () => Promise.reject(new UnavailableError('out'))),
      ),
    ).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    const foreign = Object.assign(new Error('out'), { code: 'PARSEC_UNAVAILABLE' });
    await expect(ask(named('two', () => Promise.reject(foreign)))).rejects.toMatchObject({
      code: 'PARSEC_UNAVAILABLE',
      name: 'UnavailableError',
    });
  });

  it('is over when nobody waits any more', async () => {
    const caller = new AbortController();
    const asked = authorize([named('one', () => new Promise(() => {}))], sampleFacts(), caller.signal);
    caller.abort(new UnavailableError('gone', { reason: 'caller_gone' }));
    await expect(asked).rejects.toMatchObject({ reason: 'caller_gone' });
  });
});
