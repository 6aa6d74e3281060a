import { formatPath, type ConfigurationPath } from '../path.js';

/** Tells what can be built upon, so that one mistake is not reported again as what follows from it. */
export interface Soundness {
  /** Whether nothing is wrong with the value at the path as a whole, nor with what holds it. Parts of it may be wrong. */
  readonly isSound: (path: ConfigurationPath) => boolean;
  /** Whether, beyond that, no part of it is wrong. */
  readonly isWhole: (path: ConfigurationPath) => boolean;
}

/** @param paths those at which something is wrong */
export function soundnessOf(paths: readonly ConfigurationPath[]): Soundness {
  const unsound = new Set(paths.map((path) => formatPath(path)));
  const holders = new Set(paths.flatMap((path) => prefixes(path.slice(0, -1))));
  const isSound = (path: ConfigurationPath): boolean => !unsound.has('') && prefixes(path).every((prefix) => !unsound.has(prefix));
  return { isSound, isWhole: (path) => isSound(path) && !holders.has(formatPath(path)) };
}

function prefixes(path: ConfigurationPath): string[] {
  return path.map((_, index) => formatPath(path.slice(0, index + 1)));
}
