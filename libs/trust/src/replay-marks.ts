import { UnavailableError, type Clock } from '@parsec/plugin-sdk';

/** Marks that are kept at most; each takes about 200 bytes. */
const DEFAULT_CAPACITY = 1_000_000;
/** Milliseconds. */
const BUCKET = 60_000;

/** Remembers identifiers that may be used once, until they would have expired anyway. */
export interface ReplayMarks {
  /**
   * Marks an identifier as used.
   * @param until milliseconds since the epoch
   * @returns `false` where it was marked before
   * @throws UnavailableError where it cannot be marked, and so must not be accepted
   */
  claim(identifier: string, until: number): Promise<boolean>;
}

/** Marks of this process. When there is no room for another one it refuses: forgetting a mark would accept a replay. */
export class LocalReplayMarks implements ReplayMarks {
  readonly #seen = new Set<string>();
  /** Identifiers by the minute after which they may be forgotten, so that forgetting never walks over all of them. */
  readonly #buckets = new Map<number, string[]>();
  #sweptBucket = 0;

  constructor(
    private readonly clock: Clock,
    private readonly capacity = DEFAULT_CAPACITY,
  ) {}

  async claim(identifier: string, until: number): Promise<boolean> {
    this.#sweep();
    if (this.#seen.has(identifier)) return false;
    if (this.#seen.size >= this.capacity)
      throw new UnavailableError('no room to mark another client assertion as used', { reason: 'replay_marks_full' });
    this.#seen.add(identifier);
    const bucket = Math.floor(until / BUCKET);
    const identifiers = this.#buckets.get(bucket);
    if (identifiers === undefined) this.#buckets.set(bucket, [identifier]);
    else identifiers.push(identifier);
    return true;
  }

  #sweep(): void {
    const current = Math.floor(this.clock.now() / BUCKET);
    if (current === this.#sweptBucket) return;
    this.#sweptBucket = current;
    for (const [bucket, identifiers] of this.#buckets) {
      if (bucket >= current) continue;
      for (const identifier of identifiers) this.#seen.delete(identifier);
      this.#buckets.delete(bucket);
    }
  }
}
