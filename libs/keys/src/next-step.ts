import type { SigningAlgorithm } from '@parsec/plugin-sdk';
import { signingKeyOf, stateOf, type KeyPlan, type KeyRing, type RingKey } from './key-ring.js';

/** When keys come and go. Milliseconds. */
export interface RotationSchedule {
  /** How long a key signs. */
  readonly every: number;
  /** How long it is published before it does; at least as long as verifiers keep what they fetched. */
  readonly publishAhead: number;
}

/** What one replica knows about the moment in which it decides. All of it but the ring itself was measured here. */
export interface Situation extends RotationSchedule {
  readonly keyManager: string;
  readonly algorithm: SigningAlgorithm;
  /** `kid`s that some replica revoked. */
  readonly revoked: ReadonlySet<string>;
  /** An operator asked for another key. */
  readonly rotationAsked: boolean;
  /** Whether it was seen to sign here. */
  canUse(key: RingKey): boolean;
  /** Milliseconds since it was first published. */
  publishedFor(key: RingKey): number;
  /** Whether no verifier can hold a JWKS without it. */
  isKnownEverywhere(key: RingKey): boolean;
  /** Milliseconds for which it has been signing. */
  signingFor(key: RingKey): number;
  /** Whether every token that it signed has expired everywhere. */
  isSpent(key: RingKey): boolean;
}

/** One change of a ring. */
export type Step =
  | { readonly do: 'revoke'; readonly kids: readonly string[] }
  | { readonly do: 'drop'; readonly keys: readonly RingKey[] }
  | { readonly do: 'promote'; readonly key: RingKey }
  | { readonly do: 'plan' }
  | { readonly do: 'make'; readonly plan: KeyPlan };

/**
 * The whole schedule of rotation: what is to be done with a ring now, if anything.
 * A next key is made as soon as there is none, so that it has been known everywhere for long when it is needed, also when that is sooner than planned.
 */
export function nextStep(ring: KeyRing, situation: Situation): Step | undefined {
  const unrecorded = [...situation.revoked].filter((kid) => !ring.revoked.includes(kid));
  if (unrecorded.length > 0) return { do: 'revoke', kids: unrecorded };

  const fits = (key: KeyPlan): boolean => key.key_manager === situation.keyManager && key.algorithm === situation.algorithm;
  const signing = signingKeyOf(ring);
  const waiting = ring.keys.filter((key) => stateOf(key) === 'next');
  const next = waiting.findLast(fits);

  const done = [
    ...ring.keys.filter((key) => stateOf(key) === 'former' && situation.isSpent(key)),
    // Of another configuration: a replica may have that one still, or already, so it gets the time that a rotation takes.
    ...waiting.filter((key) => key !== next && situation.publishedFor(key) >= situation.every),
  ];
  if (done.length > 0) return { do: 'drop', keys: done };

  if (next !== undefined && isDue(signing, next, fits, situation)) return { do: 'promote', key: next };
  if (next !== undefined) return undefined;
  return ring.plan !== undefined && fits(ring.plan) ? { do: 'make', plan: ring.plan } : { do: 'plan' };
}

/** An unpublished key never signs, whatever else is the matter. */
function isDue(signing: RingKey | undefined, next: RingKey, fits: (key: KeyPlan) => boolean, situation: Situation): boolean {
  if (!situation.isKnownEverywhere(next)) return false;
  if (signing === undefined || !situation.canUse(signing)) return true;
  const isOver = !fits(signing) || situation.rotationAsked || situation.signingFor(signing) >= situation.every;
  return isOver && situation.publishedFor(next) >= situation.publishAhead;
}
