import {
  KEY_ID,
  KEY_TYPE_OF,
  isJsonObject,
  ParsecError,
  SIGNING_ALGORITHMS,
  type JsonValue,
  type JWK,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { readPublicKey } from './public-key.js';

/** Where a private key is. */
export interface KeyPlace {
  /** The identifier that its key manager knows it by. */
  readonly id: string;
  /** The name of the key manager in the configuration. */
  readonly key_manager: string;
}

/** A key of a signer: everything but its private half. Times are milliseconds since the epoch, by the clock of the replica that wrote them. */
export interface RingKey extends KeyPlace {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  /** As the JWKS shows it. */
  readonly jwk: JWK;
  readonly published_at: number;
  /** Since when it signs. Left out: it is published ahead of use. */
  readonly signs_from?: number;
  /** Until when it signed. Left out: it still does. */
  readonly signs_until?: number;
  /** When the last token it signed has surely expired, and every verifier has fetched the keys anew. */
  readonly retires_at?: number;
}

/** A key that is about to be made. It is written down first, so that a crash leaves no key that nobody knows of. */
export interface KeyPlan extends KeyPlace {
  readonly algorithm: SigningAlgorithm;
}

/**
 * The keys of a signer that change together: those of one replica, or those that all replicas share. Immutable; plain JSON.
 * At most one of them signs; the newest that does not sign yet is next.
 */
export interface KeyRing {
  /** Its own among all rings that ever were; '' before it is first written. */
  readonly id: string;
  /** Counts changes, so that an older ring never takes the place of a newer one. */
  readonly version: number;
  /** How long verifiers may keep what was published of it, milliseconds; the longest of late. */
  readonly max_age: number;
  /** How long tokens live that its keys sign, milliseconds; the longest of late. */
  readonly token_lifetime: number;
  /** Oldest first. */
  readonly keys: readonly RingKey[];
  readonly plan?: KeyPlan;
  /** The signer's very first key is to come: there is none that a verifier could know, so it signs at once. */
  readonly first?: true;
  /** `kid`s that are never published again, by whatever ring. */
  readonly revoked: readonly string[];
  /** Private keys that are to be destroyed. */
  readonly discarded: readonly KeyPlace[];
}

export const EMPTY_RING: KeyRing = { id: '', version: 0, max_age: 0, token_lifetime: 0, keys: [], revoked: [], discarded: [] };

/** More changes than there will ever be. */
const MAX_VERSION = 2 ** 50;

/** What a key does at present. */
export type KeyState = 'next' | 'signing' | 'former';

export function stateOf({ signs_from: from, signs_until: until }: RingKey): KeyState {
  if (from === undefined) return 'next';
  return until === undefined ? 'signing' : 'former';
}

export function signingKeyOf(ring: KeyRing): RingKey | undefined {
  return ring.keys.find((key) => stateOf(key) === 'signing');
}

/** The same ring with a key more; a plan is fulfilled by it. */
export function withKey({ first: _first, plan: _plan, ...ring }: KeyRing, key: RingKey): KeyRing {
  return { ...ring, keys: [...ring.keys, key] };
}

/** A plan is given up, and what may have come of it to be destroyed. */
export function withoutPlan(ring: KeyRing, { id, key_manager }: KeyPlan): KeyRing {
  const { plan, ...rest } = ring;
  return plan?.id === id ? { ...rest, discarded: [...rest.discarded, { id, key_manager }] } : ring;
}

/** The key signs from now on, in the place of the one that did. */
export function promote(ring: KeyRing, { kid }: RingKey, now: number, retention: number): KeyRing {
  return {
    ...ring,
    keys: ring.keys.map((key) => {
      if (key.kid === kid) return { ...key, signs_from: now };
      return stateOf(key) === 'signing' ? retire(key, now, retention) : key;
    }),
  };
}

export function retire(key: RingKey, now: number, retention: number): RingKey {
  return { ...key, signs_from: key.signs_from ?? now, signs_until: now, retires_at: now + retention };
}

/** The keys are gone, and their private halves to be destroyed. */
export function drop(ring: KeyRing, dropped: readonly RingKey[]): KeyRing {
  const kids = new Set(dropped.map(({ kid }) => kid));
  return {
    ...ring,
    keys: ring.keys.filter(({ kid }) => !kids.has(kid)),
    discarded: [...ring.discarded, ...dropped.map(({ id, key_manager }) => ({ id, key_manager }))],
  };
}

/** The key is gone, unless it signs or signed meanwhile. */
export function dropUnused(ring: KeyRing, { kid }: RingKey): KeyRing {
  return drop(
    ring,
    ring.keys.filter((key) => key.kid === kid && stateOf(key) === 'next'),
  );
}

export function revoke(ring: KeyRing, kids: readonly string[]): KeyRing {
  const dropped = drop(
    ring,
    ring.keys.filter(({ kid }) => kids.includes(kid)),
  );
  return { ...dropped, revoked: [...new Set([...ring.revoked, ...kids])] };
}

/** A ring, with what signed in another one that came up without knowing it. */
export function merge(newer: KeyRing, older: KeyRing, now: number, retention: number): KeyRing {
  const known = new Set(newer.keys.map(({ kid }) => kid));
  const strangers = older.keys.filter((key) => !known.has(key.kid) && stateOf(key) !== 'next').map((key) => retire(key, now, retention));
  return revoke({ ...newer, keys: [...strangers, ...newer.keys] }, older.revoked);
}

/**
 * What of a ring is worth keeping beyond the process, where some key managers' keys end with it.
 * @returns `undefined` for nothing
 */
export function toLasting(value: JsonValue, isEphemeral: (keyManager: string) => boolean): JsonValue | undefined {
  // What is no ring was not written here, and is kept as it is.
  if (!isJsonObject(value) || !isListOf(value['keys'], isRingKey)) return value;
  const { plan, first, ...ring } = value as unknown as KeyRing;
  const lasts = ({ key_manager: name }: KeyPlace): boolean => !isEphemeral(name);
  const kept = {
    ...ring,
    keys: ring.keys.filter(lasts),
    discarded: ring.discarded.filter(lasts),
    ...(plan !== undefined && lasts(plan) ? { plan, ...(first === undefined ? {} : { first }) } : {}),
  };
  const isEmpty = kept.keys.length + kept.discarded.length + kept.revoked.length === 0 && kept.plan === undefined;
  return isEmpty ? undefined : toJson(kept);
}

/** As JSON. */
export function toJson(ring: KeyRing): JsonValue {
  return ring as unknown as JsonValue;
}

/**
 * Reads what {@link toJson} wrote, and checks it as what comes from outside.
 * @param signer whose ring it is: the keys of another one are none of its business
 * @throws ParsecError `PARSEC_STATE_INVALID`
 */
export async function readKeyRing(value: JsonValue, signer: string): Promise<KeyRing> {
  const ring = value as Partial<Record<keyof KeyRing, unknown>>;
  const isRing =
    isJsonObject(value) &&
    Number.isSafeInteger(ring.version) &&
    isText(ring.id) &&
    isTime(ring.max_age) &&
    isTime(ring.token_lifetime) &&
    isListOf(ring.keys, isRingKey) &&
    (ring.plan === undefined || isPlan(ring.plan)) &&
    (ring.first === undefined || ring.first === true) &&
    isListOf(ring.revoked, isText) &&
    isListOf(ring.discarded, isPlace);
  if (!isRing) throw invalid();
  const stored = value as unknown as KeyRing;
  const places: readonly KeyPlace[] = [...stored.keys, ...stored.discarded, ...(stored.plan === undefined ? [] : [stored.plan])];
  if (places.some(({ id }) => !id.startsWith(`${signer}.`)) || stored.version > MAX_VERSION) throw invalid();
  const isSingle = new Set(stored.keys.map(({ kid }) => kid)).size === stored.keys.length;
  if (!isSingle || stored.keys.filter((key) => stateOf(key) === 'signing').length > 1) throw invalid();
  return { ...stored, keys: await Promise.all(stored.keys.map(readRingKey)) };
}

/** Only what belongs to a public key is kept of its JWK: it will be published. */
async function readRingKey(key: RingKey): Promise<RingKey> {
  const { id, kid, algorithm, jwk } = key;
  const found = await readPublicKey({ id, type: KEY_TYPE_OF[algorithm], publicKey: jwk }).catch((error: unknown) => {
    throw invalid(error);
  });
  if (found.kid !== kid) throw invalid();
  return { ...key, jwk: { ...found.jwk, kid, use: 'sig', ...(jwk['alg'] === algorithm ? { alg: algorithm } : {}) } };
}

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is readonly Item[] {
  return Array.isArray(value) && value.every(isItem);
}

function isRingKey(value: unknown): value is RingKey {
  const key = value as Partial<Record<keyof RingKey, unknown>>;
  return (
    isPlan(value) &&
    isText(key.kid) &&
    isJsonObject(key.jwk) &&
    isTime(key.published_at) &&
    [key.signs_from, key.signs_until, key.retires_at].every((time) => time === undefined || isTime(time))
  );
}

function isPlan(value: unknown): value is KeyPlan {
  return isPlace(value) && SIGNING_ALGORITHMS.some((algorithm) => algorithm === (value as Partial<KeyPlan>).algorithm);
}

function isPlace(value: unknown): value is KeyPlace {
  const place = value as Partial<Record<keyof KeyPlace, unknown>>;
  return isJsonObject(value) && typeof place.id === 'string' && KEY_ID.test(place.id) && isText(place.key_manager);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTime(value: unknown): value is number {
  // Within what a date can be (ECMA-262 section 21.4.1.1).
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

function invalid(cause?: unknown): ParsecError {
  return new ParsecError('PARSEC_STATE_INVALID', 'what is stored of the keys is not what parsec wrote', { cause });
}
