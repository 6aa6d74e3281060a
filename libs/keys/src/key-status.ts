import type { SigningAlgorithm } from '@parsec/plugin-sdk';
import { stateOf, type KeyState, type RingKey } from './key-ring.js';

/** How far the key in force is. */
export interface KeySchedule {
  /** Milliseconds for which it has been signing. */
  readonly age: number;
  /** When it is to be replaced, milliseconds since the epoch. */
  readonly nextRotation: number;
}

/** A key as operators see it. Times are milliseconds since the epoch. */
export interface KeyStatus {
  readonly kid: string;
  /** As its key manager knows it. */
  readonly key: string;
  readonly key_manager: string;
  readonly algorithm: SigningAlgorithm;
  readonly state: KeyState;
  /** The ring it belongs to: of which replica, or of all. */
  readonly ring: string;
  readonly published_at: number;
  /** When it began to sign, or of the next key of this replica: when it will at the earliest. */
  readonly signs_from?: number;
  readonly signs_until?: number;
  readonly retires_at?: number;
}

/** @param expectedStart when a key that does not sign yet will */
export function statusOf(key: RingKey, ring: string, expectedStart: number | undefined): KeyStatus {
  const from = key.signs_from ?? expectedStart;
  return {
    kid: key.kid,
    key: key.id,
    key_manager: key.key_manager,
    algorithm: key.algorithm,
    state: stateOf(key),
    ring,
    published_at: key.published_at,
    ...(from === undefined ? {} : { signs_from: from }),
    ...(key.signs_until === undefined ? {} : { signs_until: key.signs_until }),
    ...(key.retires_at === undefined ? {} : { retires_at: key.retires_at }),
  };
}
