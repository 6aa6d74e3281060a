import { hasCode, KEY_TYPE_OF, type KeyType, type ManagedKey, type PluginLogger, type SigningAlgorithm } from '@parsec/plugin-sdk';
import { EMPTY_RING, retire, type KeyRing, type RingKey } from './key-ring.js';
import { readPublicKey } from './public-key.js';

/** What a key of each type signed. An RSA key does not tell whether RS256 or PS256. */
const FORMER_ALGORITHM: Record<KeyType, SigningAlgorithm> = { EC_P256: 'ES256', EC_P384: 'ES384', RSA_2048: 'RS256', Ed25519: 'EdDSA' };

/** What the keys are that a key manager holds. */
export interface HeldKeysSettings {
  readonly name: string;
  readonly keyManagerName: string;
  readonly algorithm: SigningAlgorithm;
  readonly logger: PluginLogger;
}

/**
 * The keys of a signer of which nothing is stored, as its key manager holds them: none, or those of a time whose record was lost. Oldest first.
 * Identifiers tell when a key was made.
 */
export async function describeHeld(held: readonly ManagedKey[], settings: HeldKeysSettings, now: number): Promise<readonly RingKey[]> {
  const own = held.filter(({ id }) => id.startsWith(`${settings.name}.`)).toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return (await Promise.all(own.map((key) => describe(key, settings, now)))).filter((key) => key !== undefined);
}

/**
 * The very first ring of a signer: the newest key that was surely published for long enough signs, and what else verified something goes on doing so.
 * @param publishAhead milliseconds, as `retention` and `now`
 */
export function firstRing(
  held: readonly RingKey[],
  algorithm: SigningAlgorithm,
  publishAhead: number,
  retention: number,
  now: number,
): KeyRing {
  if (held.length === 0) return { ...EMPTY_RING, first: true };
  const fitting = held.filter((key) => key.algorithm === algorithm);
  const signing = fitting.findLast((key) => now - key.published_at >= publishAhead) ?? fitting[0];
  return {
    ...EMPTY_RING,
    keys: held.map((key) => {
      if (key === signing) return { ...key, signs_from: key.published_at };
      // What was made later may never have been published.
      return signing !== undefined && key.algorithm === algorithm && key.id > signing.id
        ? { ...key, published_at: now }
        : retire(key, now, retention);
    }),
  };
}

/** The first ring of a replica where others have theirs: what it may have signed with verifies, and another key is to be published ahead of use. */
export function joiningRing(held: readonly RingKey[], retention: number, now: number): KeyRing {
  return { ...EMPTY_RING, keys: held.map((key) => retire(key, now, retention)) };
}

async function describe(key: ManagedKey, settings: HeldKeysSettings, now: number): Promise<RingKey | undefined> {
  const { name, keyManagerName, algorithm: wanted, logger } = settings;
  try {
    const { jwk, kid } = await readPublicKey(key);
    const algorithm = key.type === KEY_TYPE_OF[wanted] ? wanted : FORMER_ALGORITHM[key.type];
    // Without `alg` a key verifies any algorithm of its type (RFC 7517 section 4.4).
    const alg = key.type === 'RSA_2048' ? {} : { alg: algorithm };
    const madeAt = timeOf(key.id.slice(name.length + 1)) ?? now;
    return {
      id: key.id,
      key_manager: keyManagerName,
      kid,
      algorithm,
      jwk: { ...jwk, kid, use: 'sig', ...alg },
      published_at: Math.min(madeAt, now),
    };
  } catch (error) {
    if (!hasCode(error, 'PARSEC_KEY_INVALID')) throw error;
    logger.warn('left a key out of the JWKS', { signer: name, key: key.id, problem: (error as Error).message });
    return undefined;
  }
}

/** When a UUIDv7 was made (RFC 9562 section 5.7); `undefined` for any other text. */
function timeOf(uuid: string): number | undefined {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(uuid);
  return match === null ? undefined : Number.parseInt(`${match[1]}${match[2]}`, 16);
}
