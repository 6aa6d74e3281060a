import { hasCode, type Clock } from '@parsec/plugin-sdk';
import type { ReplayMarks } from './replay-marks.js';

/** Clocks of replicas may differ by this much: a mark outlives what it marks on all of them. Milliseconds. */
const SPARE = 300_000;

/** Where several replicas mark. */
export interface MarkStore {
  /**
   * @param identifier of any length
   * @param lifetime milliseconds
   * @returns `false` where it was marked before
   * @throws UnavailableError where the store is out
   */
  mark(identifier: string, lifetime: number): Promise<boolean>;
}

/** What to do with an assertion while the shared store is out: refuse it, or rely on what this replica saw itself. */
export const ON_OUTAGE = ['refuse', 'local'] as const;
export type OnOutage = (typeof ON_OUTAGE)[number];

/** Marks that replicas share, so that what one accepted no other accepts again. */
export class SharedReplayMarks implements ReplayMarks {
  constructor(
    private readonly store: MarkStore,
    private readonly local: ReplayMarks,
    private readonly clock: Clock,
    private readonly onOutage: OnOutage,
  ) {}

  async claim(identifier: string, until: number): Promise<boolean> {
    try {
      if (!(await this.store.mark(identifier, Math.max(0, until - this.clock.now()) + SPARE))) return false;
    } catch (error) {
      if (!hasCode(error, 'PARSEC_UNAVAILABLE') || this.onOutage === 'refuse') throw error;
    }
    // Remembered here too where an outage to come will need it.
    return this.onOutage === 'refuse' || this.local.claim(identifier, until);
  }
}
