import type { Clock } from '@parsec/plugin-sdk';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test turns it. */
export class FakeClock implements Clock {
  /** What the wall clock shows when the monotonic one shows 0. */
  #epoch: number;
  #elapsed = 0;
  #timers: readonly Timer[] = [];

  /** @param now milliseconds since the epoch */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#epoch = now;
  }

  now(): number {
    return this.#epoch + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  schedule(delay: number, callback: () => void): () => void {
    const timer = { at: this.#elapsed + Math.max(0, delay), callback };
    this.#timers = [...this.#timers, timer].toSorted((one, other) => one.at - other.at);
    return () => this.#remove(timer);
  }

  /** When the callbacks that are still to come are due, milliseconds since the epoch, soonest first. */
  get due(): readonly number[] {
    return this.#timers.map((timer) => this.#epoch + timer.at);
  }

  /**
   * Turns the clock by `milliseconds` and calls what becomes due, in order, each at its own time, also what those calls schedule.
   * Does not wait for promises that the calls begin.
   */
  advance(milliseconds: number): void {
    const end = this.#elapsed + milliseconds;
    for (let next = this.#timers[0]; next !== undefined && next.at <= end; next = this.#timers[0]) {
      this.#remove(next);
      this.#elapsed = next.at;
      next.callback();
    }
    this.#elapsed = end;
  }

  /** Sets the wall clock forward, or back where negative, as an administrator or NTP does: no time passes, and nothing becomes due. */
  jump(milliseconds: number): void {
    this.#epoch += milliseconds;
  }

  #remove(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}
