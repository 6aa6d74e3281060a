import type { Clock } from '@parsec/plugin-sdk';

/** The wall clock as it was when this began, and the time that has passed since: it does not jump when somebody sets the clock. */
export class SteadyClock {
  readonly #start: number;

  constructor(private readonly clock: Clock) {
    this.#start = clock.now() - clock.monotonic();
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Math.floor(this.#start + this.clock.monotonic());
  }
}
