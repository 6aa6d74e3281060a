/** Where the time comes from, and later calls. Whatever depends on the time of day asks this, so that a test can turn it. */
export interface Clock {
  /** Milliseconds since the epoch. Jumps when somebody sets the clock. */
  now(): number;
  /** Milliseconds since a moment of no meaning. Never jumps: for how long something took or lasts. */
  monotonic(): number;
  /**
   * Calls `callback` once after `delay` milliseconds. Does not keep the process alive.
   * @returns a function that cancels the call; calling it late or twice does nothing.
   */
  schedule(delay: number, callback: () => void): () => void;
}

/** The wall clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delay, callback) {
    const timer = setTimeout(callback, delay);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
