import assert from 'node:assert/strict';
import type { CallContext, PluginKind, PluginKinds } from '@parsec/plugin-sdk';
import type { ContractFixture } from './fixture.js';

/** One duty of a plugin. */
export interface ContractCheck<Fixture> {
  /** What holds, in a sentence; unique within a kind. */
  readonly name: string;
  /** Rejects where it does not hold. */
  run(fixture: Fixture): Promise<void>;
}

/**
 * The calls of a kind, by name. Each first brings about what the call needs, then makes it with whatever context it is given.
 */
export type Calls<Kind extends PluginKind> = Readonly<
  Record<string, (api: PluginKinds[Kind], fixture: ContractFixture<Kind>) => Promise<(context: CallContext) => Promise<unknown>>>
>;

/** A context that nobody aborts. */
export function patientContext(): CallContext {
  return { signal: new AbortController().signal };
}

/** Fails where `found` holds anything. (Jest runs tests beside Node's own objects, whose arrays equal no others.) */
export function assertNone(found: readonly string[], what: string): void {
  assert.equal(found.join(', '), '', what);
}

/** What a check needs of the fixture; without it the check fails, so that nothing passes by being left out. */
export function given<Value>(value: Value | undefined, name: string): Value {
  if (value !== undefined) return value;
  throw new Error(`the fixture has no "${name}": add it, or say under "cannot" why there can be none`);
}
