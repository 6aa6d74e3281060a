import { compilePatterns } from '@parsec/plugin-sdk';

/** Lists of patterns come from configuration and are the same objects in every exchange, so each is compiled once. */
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
