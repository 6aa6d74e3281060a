import type { Clock, KeyManager, PluginLogger, SigningAlgorithm } from '@parsec/plugin-sdk';
import type { SharedDocuments } from '@parsec/state';
import type { KeyObserver } from './key-observer.js';
import type { RotationSchedule } from './next-step.js';

/** How several replicas share the signing of one signer. */
export interface ReplicaSettings {
  /** The name of this replica. */
  readonly name: string;
  /** Whether all sign with the same key, because their key manager is one and the same. */
  readonly sharedKeys: boolean;
  /** How long a replica may be silent before nobody waits for it, milliseconds. */
  readonly timeout: number;
}

/** What a signer is made of. */
export interface SignerSettings {
  /** The key of its entry in the configuration. */
  readonly name: string;
  readonly algorithm: SigningAlgorithm;
  /** The name of the key manager that makes its keys. */
  readonly keyManager: string;
  /** By name: the one that makes its keys, and a former one that still holds some. */
  readonly keyManagers: ReadonlyMap<string, KeyManager>;
  readonly rotation: RotationSchedule;
  /** How long verifiers may keep the JWKS, milliseconds; at most `rotation.publishAhead`. */
  readonly maxAge: number;
  /** The longest that a token lives, milliseconds. */
  readonly tokenLifetime: number;
  readonly documents: SharedDocuments;
  readonly replica: ReplicaSettings;
  readonly clock: Clock;
  readonly logger: PluginLogger;
  readonly observer: KeyObserver;
}

/** Clocks of verifiers may be behind by this much. Milliseconds. */
export const SKEW = 30_000;
/** From the moment in which a JWKS was composed to the one in which a verifier begins to count its age. Milliseconds. */
const TRANSIT = 1_000;

/** How often what others stored is read, milliseconds. */
export function intervalOf({ maxAge }: SignerSettings): number {
  return Math.min(Math.max(maxAge / 10, 250), 5_000);
}

/** How far apart replicas and verifiers may see things, milliseconds. */
export function spreadOf(settings: SignerSettings): number {
  return TRANSIT + (settings.documents.shared ? intervalOf(settings) : 0);
}

/**
 * How long a key is needed after its last use, milliseconds.
 * @param tokenLifetime how long the tokens live that it signed
 */
export function retentionOf(settings: SignerSettings, tokenLifetime: number = settings.tokenLifetime): number {
  return tokenLifetime + SKEW + settings.maxAge + spreadOf(settings);
}
