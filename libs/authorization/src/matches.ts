import { compilePatterns } from '@parsec/plugin-sdk';

/**
 * Compiled lists. Those of a policy are the same objects in every exchange, so each is compiled once; a list that an authorizer
 * makes anew for each decision is compiled for it. A list must not be changed once it was part of a permit.
 */
const compiled = new WeakMap<readonly string[], (text: string) => boolean>();

/** Whether one of the patterns matches; see `compilePatterns`. */
export function matches(patterns: readonly string[], text: string): boolean {
  let matcher = compiled.get(patterns);
  if (matcher === undefined) {
    matcher = compilePatterns(patterns);
    compiled.set(patterns, matcher);
  }
  return matcher(text);
}
