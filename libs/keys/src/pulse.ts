import type { Clock } from '@parsec/plugin-sdk';

const BEAT = 500;
/** A process that did not come to its beat for this long stood still: it was stopped, its machine slept, or something held it up. */
const MISSED = 2_000;

/** Notices that the process stood still, so that what it knows may be old. */
export class Pulse {
  /** By both clocks: the one stands still while the machine sleeps, the other can be set. */
  #last: { readonly monotonic: number; readonly wall: number };
  #hasMissed = false;
  #cancel: () => void = () => {};

  constructor(private readonly clock: Clock) {
    this.#last = { monotonic: clock.monotonic(), wall: clock.now() };
    this.#beat();
  }

  /** Whether the process stood still since the last {@link forget}. */
  get stoodStill(): boolean {
    const { monotonic, wall } = this.#last;
    return this.#hasMissed || Math.max(this.clock.monotonic() - monotonic, this.clock.now() - wall) > MISSED;
  }

  /** What was known before is looked at anew. */
  forget(): void {
    this.#hasMissed = false;
    this.#last = { monotonic: this.clock.monotonic(), wall: this.clock.now() };
  }

  stop(): void {
    this.#cancel();
  }

  #beat(): void {
    // Whatever comes first after a stop, this timer or a request, sees it.
    this.#hasMissed = this.stoodStill;
    this.#last = { monotonic: this.clock.monotonic(), wall: this.clock.now() };
    this.#cancel = this.clock.schedule(BEAT, () => this.#beat());
  }
}
