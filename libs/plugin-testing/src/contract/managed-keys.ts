import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  KEY_TYPE_OF,
  SIGNING_ALGORITHMS,
  type JWK,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { assertNone, patientContext } from './check.js';

/** Members of a public JWK (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2). */
const PUBLIC_MEMBERS: ReadonlySet<string> = new Set(['kty', 'kid', 'alg', 'use', 'key_ops', 'crv', 'x', 'y', 'n', 'e']);

/** An identifier that no key has. */
export function newId(): string {
  return `contract.${randomUUID()}`;
}

/** The first it claims: a key manager that claims none is of no use. */
export function anyType({ keyTypes }: KeyManager): KeyType {
  assert.ok(keyTypes[0] !== undefined, 'it claims no key type');
  return keyTypes[0];
}

/** What a key of this type signs. */
export function algorithmsOf(type: KeyType): [SigningAlgorithm, ...SigningAlgorithm[]] {
  return SIGNING_ALGORITHMS.filter((algorithm) => KEY_TYPE_OF[algorithm] === type) as [SigningAlgorithm, ...SigningAlgorithm[]];
}

/** Makes a key under a new identifier. */
export function generate(manager: KeyManager, type: KeyType = anyType(manager)): Promise<ManagedKey> {
  return manager.generateKey(newId(), type, patientContext());
}

/** Which keys there are, in one text that compares. */
export async function identifiers(manager: KeyManager): Promise<string> {
  const keys = await manager.keys(patientContext());
  return keys
    .map(({ id }) => id)
    .toSorted()
    .join(', ');
}

/** Fails unless `key` is listed once, as it was made. */
export async function assertListed(manager: KeyManager, key: ManagedKey): Promise<void> {
  const found = (await manager.keys(patientContext())).filter(({ id }) => id === key.id);
  const [one, ...others] = found;
  assert.ok(one !== undefined && others.length === 0, `listed ${found.length} times`);
  assert.equal(one.type, key.type);
  assert.equal(await thumbprint(one.publicKey), await thumbprint(key.publicKey));
}

/** Fails where there is a key of that identifier. */
export async function assertNotListed(manager: KeyManager, { id }: ManagedKey): Promise<void> {
  const found = (await manager.keys(patientContext())).filter((key) => key.id === id);
  assert.equal(found.length, 0, `listed ${found.length} times after it was deleted`);
}

function thumbprint(publicKey: JWK): Promise<string> {
  return calculateJwkThumbprint({ ...publicKey } as Parameters<typeof calculateJwkThumbprint>[0]);
}

/** Fails unless the key signs a JWS that verifies against its public half. */
export async function assertSigns(manager: KeyManager, { id, publicKey }: ManagedKey, algorithm: SigningAlgorithm): Promise<void> {
  const payload = Buffer.from(randomUUID());
  const header = Buffer.from(JSON.stringify({ alg: algorithm }));
  const input = `${header.toString('base64url')}.${payload.toString('base64url')}`;
  const signature = await manager.sign(id, algorithm, Buffer.from(input), patientContext());
  const key = await importJWK({ ...publicKey } as Parameters<typeof importJWK>[0], algorithm);
  await compactVerify(`${input}.${Buffer.from(signature).toString('base64url')}`, key, { algorithms: [algorithm] });
}

/** Fails where a JWK has a member that no public one has. */
export function assertPublic(jwk: JWK): void {
  assertNone(
    Object.keys(jwk).filter((member) => !PUBLIC_MEMBERS.has(member)),
    'members that no public key has',
  );
}
