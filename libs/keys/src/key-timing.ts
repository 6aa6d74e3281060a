import type { RingKey } from './key-ring.js';
import type { RingView } from './ring-view.js';
import type { Sightings } from './sightings.js';
import { retentionOf, SKEW, spreadOf, type SignerSettings } from './signer-settings.js';
import type { SteadyClock } from './steady-clock.js';

/** How long the keys of a replica stay published when it is not heard of. */
export const LEASE = 24 * 3_600_000;

/** For how long the keys of a ring have been what they are, as this process saw it, and how long they must be. Milliseconds. */
export class KeyTiming {
  readonly #startedAt: number;

  constructor(
    private readonly settings: SignerSettings,
    private readonly steady: SteadyClock,
    private readonly sightings: Sightings,
    private readonly view: RingView,
  ) {
    this.#startedAt = settings.clock.monotonic();
  }

  /** What verifiers fetched, and what was signed, under a former configuration is still around for as long as that one said. */
  longestOfLate(former: number, present: number): number {
    return this.#now - this.#startedAt < former ? Math.max(former, present) : present;
  }

  /** How long a key is needed after its last use. */
  get retention(): number {
    const { tokenLifetime } = this.settings;
    return retentionOf(this.settings, Math.max(tokenLifetime, this.longestOfLate(this.view.own.token_lifetime, tokenLifetime)));
  }

  /** How long all replicas must have published a key before no verifier can lack it. */
  get wholeWait(): number {
    return Math.max(this.settings.maxAge, this.view.longestMaxAge) + spreadOf(this.settings);
  }

  /** Since it was first published. */
  publishedFor(key: RingKey): number {
    // What was written under a clock that was ahead is published all the same.
    return Math.max(this.steady.now() - key.published_at, this.completeFor(key));
  }

  /** Since all replicas that are heard of publish it; 0 while one does not. */
  completeFor({ kid }: RingKey): number {
    return this.#now - (this.sightings.completeSince(kid) ?? this.#now);
  }

  /** Since it was put in force. */
  signingFor({ kid }: RingKey): number {
    return this.#now - (this.sightings.signingSince(kid) ?? this.#now);
  }

  /** Since some replica last used it. */
  unusedFor({ kid }: RingKey): number {
    return this.#now - (this.sightings.lastUse(kid) ?? this.#now);
  }

  /** When a former key is to go. A time that is far ahead was written under a clock that was wrong. */
  endOf({ retires_at: end = 0 }: RingKey): number {
    const startedAt = this.steady.now() - (this.#now - this.#startedAt);
    return Math.min(end, startedAt + LEASE);
  }

  /** Whether verifiers refuse every token that it signed here. Whichever clock is behind counts: the other may have been set forward by mistake, and verifiers have the right time. */
  haveTokensExpired({ kid }: RingKey): boolean {
    const { clock, maxAge } = this.settings;
    return Math.min(clock.now(), this.steady.now()) >= this.sightings.lastExpiry(kid) + SKEW + maxAge;
  }

  get #now(): number {
    return this.settings.clock.monotonic();
  }
}
