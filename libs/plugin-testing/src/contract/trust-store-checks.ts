import assert from 'node:assert/strict';
import { TRUSTED_ROLES, type JWK, type TrustedIssuer, type TrustStore } from '@parsec/plugin-sdk';
import { assertNone, type Calls, type ContractCheck } from './check.js';
import type { ContractFixture } from './fixture.js';
import { ioDuring } from './io-during.js';
import { withInstance } from './place.js';

const NAME = /^[a-z][a-z0-9_]*$/;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** The call of a trust store. */
export const TRUST_STORE_CALLS: Calls<'trust_store'> = {
  trustedIssuers: async (store) => async () => store.trustedIssuers(),
};

/** What holds of every trust store. */
export const TRUST_STORE_CHECKS: readonly ContractCheck<ContractFixture<'trust_store'>>[] = [
  {
    name: 'it trusts the issuers of its options and no others',
    run: (fixture) =>
      withInstance(fixture, async ({ api }) => {
        const names = api.trustedIssuers().map(({ name }) => name);
        assert.deepEqual([...names].toSorted(), [...fixture.issuers].toSorted());
      }),
  },
  check('every issuer is well formed', (store) => store.trustedIssuers().forEach(assertWellFormed)),
  check('no two issuers share a name or an iss', (store) => {
    const issuers = store.trustedIssuers();
    assertUnique(issuers.map(({ name }) => name));
    assertUnique(issuers.map(({ issuer }) => issuer));
  }),
  check('issuers are answered from memory', (store) => {
    store.trustedIssuers();
    assertNone(
      ioDuring(() => store.trustedIssuers()),
      'functions of Node that ran meanwhile',
    );
  }),
];

function check(name: string, run: (store: TrustStore) => void): ContractCheck<ContractFixture<'trust_store'>> {
  return { name, run: (fixture) => withInstance(fixture, async ({ api }) => run(api)) };
}

function assertWellFormed(issuer: TrustedIssuer): void {
  const { name, keys, acceptAs, algorithms, namespace, scope } = issuer;
  assert.match(name, NAME);
  assert.ok(isText(issuer.issuer), `${name}: issuer`);
  assert.ok(acceptAs.length > 0 && acceptAs.every((role) => TRUSTED_ROLES.includes(role)), `${name}: acceptAs`);
  assert.ok(areTexts(issuer.tokenTypes), `${name}: tokenTypes`);
  assert.ok(
    (issuer.audiences.length > 0 || acceptAs.every((role) => role === 'requester')) && areTexts(issuer.audiences),
    `${name}: audiences`,
  );
  assert.ok(
    algorithms.length > 0 && areTexts(algorithms) && !algorithms.some((algorithm) => /^(?:none|HS)/i.test(algorithm)),
    `${name}: algorithms`,
  );
  assert.ok(namespace === undefined || isText(namespace), `${name}: namespace`);
  assert.ok(isText(scope.claim), `${name}: scope.claim`);
  assert.ok(
    [...(scope.map ?? [])].every(([external, internal]) => isText(external) && areTexts(internal)),
    `${name}: scope.map`,
  );
  assert.ok(areTexts(issuer.claims.allow) && areTexts(issuer.claims.deny), `${name}: claims`);
  assert.ok(issuer.maxAge === undefined || issuer.maxAge > 0, `${name}: maxAge`);
  assert.equal(typeof issuer.allowBound, 'boolean', `${name}: allowBound`);
  assert.equal(typeof issuer.allowReuse, 'boolean', `${name}: allowReuse`);
  for (const duration of ['clockSkew', 'expLeeway', 'maxLifetime'] as const) {
    assert.ok(Number.isFinite(issuer[duration]) && issuer[duration] >= 0, `${name}: ${duration}`);
  }
  assert.equal(
    ['jwks', 'jwksUri', 'jwksFile', 'discovery', 'introspection'].filter((source) => Object.hasOwn(keys, source)).length,
    1,
    `${name}: keys`,
  );
  if ('jwks' in keys) keys.jwks.keys.forEach((key) => assertPublic(name, key));
}

function assertPublic(name: string, key: JWK): void {
  assert.ok(isText(key.kty) && key.kty !== 'oct', `${name}: a symmetric key`);
  assert.ok(!PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member)), `${name}: a private key`);
}

function assertUnique(texts: readonly string[]): void {
  assertNone(
    texts.filter((text, index) => texts.indexOf(text) !== index),
    'more than once',
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function areTexts(values: readonly unknown[]): boolean {
  return Array.isArray(values) && values.every(isText);
}
