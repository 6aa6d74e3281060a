import { describe, expect, it } from '@jest/globals';
import { compilePatterns, type Permit } from '@parsec/plugin-sdk';
import fc from 'fast-check';
import { Grant } from './authorize.js';
import { grantScope } from './grant-scope.js';

const permit = (limits: Partial<Permit>): Permit & { authorizer: string } => ({
  authorizer: 'issuance',
  outcome: 'permit',
  tokenTypes: ['*'],
  scopes: [],
  grantScopes: [],
  context: [],
  details: [],
  outliveSubject: true,
  ...limits,
});

const grant = (...limits: Partial<Permit>[]): Grant => new Grant(limits.map(permit));
const refusal = (reason: string): Error => expect.objectContaining({ code: 'PARSEC_SCOPE_REFUSED', reason }) as unknown as Error;

describe('the scope', () => {
  it('is what was asked for where credential and policy allow it', () => {
    expect(grantScope(['a', 'b'], ['b', 'a', 'c'], grant({ scopes: ['*'] }))).toEqual(['a', 'b']);
  });

  it('is narrowed to what every permit allows', () => {
    expect(
      grantScope(['t.a', 't.b', 'u'], ['t.a', 't.b', 'u'], grant({ scopes: ['t.*', 'u'] }, { scopes: ['t.a', 'u'] }, { scopes: ['t.*'] })),
    ).toEqual(['t.a']);
  });

  it('is refused when it is above the credential, even in part and whatever the policy says', () => {
    expect(() => grantScope(['a', 'z'], ['a'], grant({ scopes: ['*'], grantScopes: ['z'] }))).toThrow(refusal('scope_above_subject'));
  });

  it('is refused when nothing remains', () => {
    expect(() => grantScope(['a'], ['a'], grant({ scopes: ['b'] }))).toThrow(refusal('scope_not_permitted'));
    expect(() => grantScope(['a'], ['a'], grant({}))).toThrow(refusal('scope_not_permitted'));
  });

  describe('of a credential that does not say what it allows', () => {
    it('is refused', () => {
      expect(() => grantScope(['a'], null, grant({ scopes: ['*'] }))).toThrow(refusal('scope_unknown'));
    });

    it('is only what every permit grants by name', () => {
      expect(grantScope(['a'], null, grant({ grantScopes: ['a', 'b'] }))).toEqual(['a']);
      expect(() => grantScope(['a', 'c'], null, grant({ scopes: ['*'], grantScopes: ['a'] }))).toThrow(refusal('scope_above_subject'));
      expect(() => grantScope(['a'], null, grant({ grantScopes: ['a'] }, { scopes: ['*'] }))).toThrow(refusal('scope_unknown'));
    });

    it('does not take patterns for names', () => {
      expect(() => grantScope(['a'], null, grant({ grantScopes: ['*'] }))).toThrow(refusal('scope_above_subject'));
    });
  });

  it('never exceeds credential or policy', () => {
    const scope = fc.constantFrom('a', 'a.b', 'a.c', 'b', 'b.a');
    const pattern = fc.constantFrom('a', 'a.*', '*', '*.a', 'b', 'a.b', '');
    const limits = fc.record({ scopes: fc.array(pattern), grantScopes: fc.array(scope) });
    fc.assert(
      fc.property(
        fc.array(scope, { minLength: 1 }),
        fc.option(fc.array(scope), { nil: null }),
        fc.array(limits, { minLength: 1, maxLength: 3 }),
        (requested, allowed, permits) => {
          let granted: readonly string[];
          try {
            granted = grantScope(requested, allowed, grant(...permits));
          } catch {
            return;
          }
          expect(granted.length).toBeGreaterThan(0);
          for (const one of granted) {
            expect(requested).toContain(one);
            if (allowed !== null) expect(allowed).toContain(one);
            for (const { scopes, grantScopes } of permits) {
              if (allowed === null) expect(grantScopes).toContain(one);
              if (allowed !== null || scopes.length > 0) expect(compilePatterns(scopes)(one)).toBe(true);
            }
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
