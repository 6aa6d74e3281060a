import type { Clock } from '@parsec/plugin-sdk';

/** Pauses between attempts are shorter than this, time limits of an attempt are longer; milliseconds. */
const LONGEST_PAUSE = 1_000;

/** A clock for which pauses take no time, and time limits end when a test says so. */
export class HastyClock implements Clock {
  /** Every pause that was asked for, milliseconds. */
  readonly pauses: number[] = [];
  /** What is still to come: pauses and time limits. */
  readonly scheduled = new Set<() => void>();
  readonly #limits = new Set<() => void>();
  /** Called when a pause begins. */
  onPause = (): void => {};
  /** Whether pauses end at all. */
  pausesEnd = true;

  now(): number {
    return Date.UTC(2026, 0, 1);
  }

  monotonic(): number {
    return 0;
  }

  schedule(delay: number, callback: () => void): () => void {
    const isLimit = delay >= LONGEST_PAUSE;
    const end = (): void => {
      if (this.#forget(end)) callback();
    };
    this.scheduled.add(end);
    if (isLimit) this.#limits.add(end);
    else this.#pause(delay, end);
    return () => void this.#forget(end);
  }

  /** Lets every attempt that is under way take too long. */
  expire(): void {
    for (const limit of this.#limits) limit();
  }

  #pause(delay: number, end: () => void): void {
    this.pauses.push(delay);
    this.onPause();
    if (this.pausesEnd) setImmediate(end);
  }

  /** @returns whether it was still to come */
  #forget(end: () => void): boolean {
    this.#limits.delete(end);
    return this.scheduled.delete(end);
  }
}
