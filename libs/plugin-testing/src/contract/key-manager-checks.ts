import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  KEY_TYPE_OF,
  KEY_TYPES,
  SIGNING_ALGORITHMS,
  type JWK,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { assertNone, patientContext, type Calls, type ContractCheck } from './check.js';
import type { ContractFixture } from './fixture.js';
import { inPlace, openIn, withInstance } from './place.js';

type Fixture = ContractFixture<'key_manager'>;

/** Bytes of a signature in a JWS (RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1). */
const SIGNATURE_LENGTHS: Record<SigningAlgorithm, number> = { ES256: 64, ES384: 96, RS256: 256, PS256: 256, EdDSA: 64 };

/** Members of a public JWK (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2). */
const PUBLIC_MEMBERS: ReadonlySet<string> = new Set(['kty', 'kid', 'alg', 'use', 'key_ops', 'crv', 'x', 'y', 'n', 'e']);

const DATA = Buffer.from('data');

export const KEY_MANAGER_CALLS: Calls<'key_manager'> = {
  keys: async (manager) => (context) => manager.keys(context),
  generateKey: async (manager) => (context) => manager.generateKey(newId(), anyType(manager), context),
  async sign(manager) {
    const key = await generate(manager);
    return (context) => manager.sign(key.id, algorithmsOf(key.type)[0], DATA, context);
  },
};

/** What holds of every key manager. */
export const KEY_MANAGER_CHECKS: readonly ContractCheck<Fixture>[] = [
  check('every key signs what its public half verifies', async (manager) => {
    for (const type of manager.keyTypes) {
      const key = await generate(manager, type);
      for (const algorithm of algorithmsOf(type)) await assertSigns(manager, key, algorithm);
    }
  }),
  check('signatures have the form of JWS', async (manager) => {
    for (const type of manager.keyTypes) {
      const key = await generate(manager, type);
      for (const algorithm of algorithmsOf(type)) {
        const { length } = await manager.sign(key.id, algorithm, DATA, patientContext());
        assert.equal(length, SIGNATURE_LENGTHS[algorithm], `length of a signature for ${algorithm}`);
      }
    }
  }),
  check('a key is listed once it is made', async (manager) => {
    const made = [await generate(manager), await generate(manager)];
    for (const key of made) await assertListed(manager, key);
  }),
  check('a taken identifier is refused and its key stays', async (manager) => {
    const key = await generate(manager);
    for (const type of manager.keyTypes) await assert.rejects(manager.generateKey(key.id, type, patientContext()));
    await assertListed(manager, key);
    await assertSigns(manager, key, algorithmsOf(key.type)[0]);
  }),
  check('a malformed identifier is refused', async (manager) => {
    const before = await identifiers(manager);
    for (const id of ['', 'main', '.1', 'main.', 'Main.1', 'main.A', '../main.1', 'main.1/../2', 'main.1\0', 'main.1\n', 'x'.repeat(100)]) {
      await assert.rejects(manager.generateKey(id, anyType(manager), patientContext()), `made a key under ${JSON.stringify(id)}`);
    }
    assert.equal(await identifiers(manager), before);
  }),
  check('a type that it does not claim is refused', async (manager) => {
    const before = await identifiers(manager);
    const others: string[] = ['no_such_type', ...KEY_TYPES.filter((type) => !manager.keyTypes.includes(type))];
    for (const type of others)
      await assert.rejects(manager.generateKey(newId(), type as KeyType, patientContext()), `made a key of type ${type}`);
    assert.equal(await identifiers(manager), before);
  }),
  check('an unknown identifier signs nothing', async (manager) => {
    const { type } = await generate(manager);
    await assert.rejects(manager.sign(newId(), algorithmsOf(type)[0], DATA, patientContext()));
  }),
  check('a key signs for no algorithm that needs another type', async (manager) => {
    const key = await generate(manager);
    const foreign = SIGNING_ALGORITHMS.filter((algorithm) => KEY_TYPE_OF[algorithm] !== key.type);
    for (const algorithm of foreign) await assert.rejects(manager.sign(key.id, algorithm, DATA, patientContext()), `signed ${algorithm}`);
  }),
  check('what is shown of a key is public', async (manager) => {
    for (const type of manager.keyTypes) assertPublic((await generate(manager, type)).publicKey);
    for (const { publicKey } of await manager.keys(patientContext())) assertPublic(publicKey);
  }),
  {
    name: 'keys outlive their instance',
    run: (fixture) =>
      inPlace(fixture, async (place) => {
        const first = await openIn(place, fixture);
        const made: ManagedKey[] = [];
        try {
          for (const type of first.api.keyTypes) made.push(await generate(first.api, type));
        } finally {
          await first.close();
        }
        const second = await openIn(place, fixture);
        try {
          for (const key of made) {
            await assertListed(second.api, key);
            await assertSigns(second.api, key, algorithmsOf(key.type)[0]);
          }
        } finally {
          await second.close();
        }
      }),
  },
];

function check(name: string, run: (manager: KeyManager) => Promise<void>): ContractCheck<Fixture> {
  return { name, run: (fixture) => withInstance(fixture, ({ api }) => run(api)) };
}

function newId(): string {
  return `contract.${randomUUID()}`;
}

/** The first it claims: a key manager that claims none is of no use. */
function anyType({ keyTypes }: KeyManager): KeyType {
  assert.ok(keyTypes[0] !== undefined, 'it claims no key type');
  return keyTypes[0];
}

function algorithmsOf(type: KeyType): [SigningAlgorithm, ...SigningAlgorithm[]] {
  return SIGNING_ALGORITHMS.filter((algorithm) => KEY_TYPE_OF[algorithm] === type) as [SigningAlgorithm, ...SigningAlgorithm[]];
}

function generate(manager: KeyManager, type: KeyType = anyType(manager)): Promise<ManagedKey> {
  return manager.generateKey(newId(), type, patientContext());
}

async function identifiers(manager: KeyManager): Promise<string> {
  const keys = await manager.keys(patientContext());
  return keys.map(({ id }) => id).join(', ');
}

async function assertListed(manager: KeyManager, key: ManagedKey): Promise<void> {
  const found = (await manager.keys(patientContext())).filter(({ id }) => id === key.id);
  const [one, ...others] = found;
  assert.ok(one !== undefined && others.length === 0, `listed ${found.length} times`);
  assert.equal(one.type, key.type);
  assert.equal(await thumbprint(one.publicKey), await thumbprint(key.publicKey));
}

function thumbprint(publicKey: JWK): Promise<string> {
  return calculateJwkThumbprint({ ...publicKey } as Parameters<typeof calculateJwkThumbprint>[0]);
}

async function assertSigns(manager: KeyManager, { id, publicKey }: ManagedKey, algorithm: SigningAlgorithm): Promise<void> {
  const payload = Buffer.from(randomUUID());
  const header = Buffer.from(JSON.stringify({ alg: algorithm }));
  const input = `${header.toString('base64url')}.${payload.toString('base64url')}`;
  const signature = await manager.sign(id, algorithm, Buffer.from(input), patientContext());
  const key = await importJWK({ ...publicKey } as Parameters<typeof importJWK>[0], algorithm);
  await compactVerify(`${input}.${Buffer.from(signature).toString('base64url')}`, key, { algorithms: [algorithm] });
}

function assertPublic(jwk: JWK): void {
  assertNone(
    Object.keys(jwk).filter((member) => !PUBLIC_MEMBERS.has(member)),
    'members that no public key has',
  );
}
