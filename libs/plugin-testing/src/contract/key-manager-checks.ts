import assert from 'node:assert/strict';
import {
  KEY_TYPE_OF,
  KEY_TYPES,
  SIGNING_ALGORITHMS,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { patientContext, type Calls, type ContractCheck } from './check.js';
import type { ContractFixture } from './fixture.js';
import {
  algorithmsOf,
  anyType,
  assertListed,
  assertNotListed,
  assertPublic,
  assertSigns,
  generate,
  identifiers,
  newId,
} from './managed-keys.js';
import { inPlace, openIn, withInstance } from './place.js';

type Fixture = ContractFixture<'key_manager'>;

/** Bytes of a signature in a JWS (RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1). */
const SIGNATURE_LENGTHS: Record<SigningAlgorithm, number> = { ES256: 64, ES384: 96, RS256: 256, PS256: 256, EdDSA: 64 };

const DATA = Buffer.from('data');

/** The calls of a key manager. */
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
      assert.equal(key.type, type);
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
  check('a deleted key is gone, and the others stay', async (manager) => {
    assert.ok(manager.deleteKey !== undefined, 'it has no deleteKey');
    const [key, other] = [await generate(manager), await generate(manager)];
    for (const id of [key.id, key.id, newId()]) await manager.deleteKey(id, patientContext());
    await assertNotListed(manager, key);
    await assert.rejects(manager.sign(key.id, algorithmsOf(key.type)[0], DATA, patientContext()));
    await assertSigns(manager, other, algorithmsOf(other.type)[0]);
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
