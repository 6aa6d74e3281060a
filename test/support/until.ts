import { setTimeout } from 'node:timers/promises';

/** Between two looks, milliseconds. */
const PAUSE = 50;
/** A limit for what never comes about, not a measure. Milliseconds. */
const LIMIT = 90_000;

/**
 * Waits until something is so.
 * @param what completes "it never came about that …"
 */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it never came about that ${what}`);
    await setTimeout(PAUSE);
  }
}
