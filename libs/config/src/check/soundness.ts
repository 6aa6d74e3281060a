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
  const isSound = (path: ConfigurationPath): boolean =>
    !unsound.has('') && path.every((_, index) => !unsound.has(formatPath(path.slice(0, index + 1))));
  const isWhole = (path: ConfigurationPath): boolean => {
    const whole = formatPath(path);
    return isSound(path) && ![...unsound].some((part) => part.startsWith(`${whole}.`) || part.startsWith(`${whole}[`));
  };
  return { isSound, isWhole };
}
