import type { ConfigurationPath } from '../path.js';

/** What a problem says of a value. */
export interface Words {
  /** What is wrong. Default: `wrong value`. */
  readonly message?: string | undefined;
  /** What would be right, in words that come after "expected". */
  readonly expected?: string | undefined;
  /** A valid name that is near to what was written. */
  readonly nearest?: string | undefined;
}

/** Something wrong at a path; it becomes a problem once the path has a place. */
export interface Finding extends Words {
  readonly path: ConfigurationPath;
  /** What is said instead where the value is confidential. Default: message and expected, which then derive nothing from the value. */
  readonly discreet?: Words;
}

/** Puts the findings on an object under the path of the object. */
export function within(path: ConfigurationPath, findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => ({ ...finding, path: [...path, ...finding.path] }));
}
