import { Duration, Optional, SIGNING_ALGORITHMS, type SigningAlgorithm } from '@parsec/plugin-sdk';
import { IsBoolean, IsIn, IsString } from 'class-validator';
import { Section } from './section.js';

const HOUR = 3_600_000;

/** When the keys of a signer are replaced. */
export class RotationSection {
  /** Milliseconds that a key signs. */
  @Duration({ min: 2_000 })
  readonly every: number = 24 * HOUR;

  /**
   * Milliseconds, at least, that a key is published before it signs. Verifiers are told to keep the JWKS no longer than this, and 5 min at most.
   * Left out: 1 h, or half of `every` where that is less.
   */
  @Optional()
  @Duration({ min: 1_000 })
  readonly publish_ahead?: number;
}

/** How long keys are published ahead, milliseconds. */
export function publishAheadOf({ every, publish_ahead: publishAhead }: RotationSection): number {
  return publishAhead ?? Math.min(HOUR, every / 2);
}

/** What signs tokens: an algorithm, with keys from a key manager. */
export class SignerSection {
  /** Name of a key manager. Required. */
  @IsString()
  readonly key_manager!: string;

  /** Name of the key manager that had the keys before; they go on signing until a new one is known to every verifier. */
  @Optional()
  @IsString()
  readonly previous_key_manager?: string;

  /** The JWS algorithm. */
  @IsIn(SIGNING_ALGORITHMS)
  readonly algorithm: SigningAlgorithm = 'ES256';

  @Section(() => RotationSection)
  readonly rotation: RotationSection = new RotationSection();

  /** Whether all replicas sign with one key, because their key manager is one and the same. Otherwise each has a key of its own. */
  @IsBoolean()
  readonly shared_keys: boolean = false;
}
