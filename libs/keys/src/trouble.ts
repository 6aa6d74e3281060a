import { hasCode, type Clock } from '@parsec/plugin-sdk';

const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;
/** For what does not pass by itself, and for what leaves something behind each time: a key manager must not be asked for key after key. */
const LONGEST_RETRY_OF_FAULTS = 600_000;

/** What fails again and again, and when it is worth another try. */
export class Trouble {
  #failures = 0;
  #retryAt = 0;
  #error: unknown;

  constructor(private readonly clock: Clock) {}

  /** Why the last attempt failed; `undefined` where it did not. */
  get error(): unknown {
    return this.#error;
  }

  /** Milliseconds until the next attempt; not more than 0 where it may be made. */
  get wait(): number {
    return this.#failures === 0 ? Number.NEGATIVE_INFINITY : this.#retryAt - this.clock.monotonic();
  }

  /**
   * @param isCostly whether an attempt may leave something behind
   * @returns milliseconds until the next attempt
   */
  failed(error: unknown, isCostly = false): number {
    const longest = hasCode(error, 'PARSEC_UNAVAILABLE') && !isCostly ? LONGEST_RETRY : LONGEST_RETRY_OF_FAULTS;
    const delay = Math.min(FIRST_RETRY * 2 ** this.#failures, longest);
    this.#failures = Math.min(this.#failures + 1, 30);
    this.#error = error;
    this.#retryAt = this.clock.monotonic() + delay;
    return delay;
  }

  over(): void {
    this.#failures = 0;
    this.#error = undefined;
  }
}
