import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { PluginKind } from '@parsec/plugin-sdk';
import { given, type Calls, type ContractCheck } from './check.js';
import type { ContractFixture } from './fixture.js';
import { withInstance } from './place.js';
import { rejectsPromptly } from './promptly.js';

/** Turns of the event loop in which a call that pends would have finished if it did not. */
const TURNS = 20;

/** What holds of every call that can be aborted. */
export function abortChecks<Kind extends PluginKind>(calls: Calls<Kind>): readonly ContractCheck<ContractFixture<Kind>>[] {
  return [
    {
      name: 'a call that is aborted before it begins is refused',
      run: (fixture) =>
        withInstance(fixture, async ({ api }) => {
          for (const [name, prepare] of Object.entries(calls)) {
            const call = await prepare(api, fixture);
            await rejectsPromptly(call({ signal: AbortSignal.abort() }), `${name}, aborted before it began,`);
          }
        }),
    },
    {
      name: 'a call that pends ends when it is aborted',
      run: (fixture) =>
        withInstance(fixture, async ({ api }) => {
          const whileStalled = given(fixture.whileStalled, 'whileStalled');
          let pended = 0;
          for (const [name, prepare] of Object.entries(calls)) {
            const call = await prepare(api, fixture);
            await whileStalled(async () => {
              const abort = new AbortController();
              const outcome = call({ signal: abort.signal });
              // A call that is answered from memory is none that pends.
              if (!(await pends(outcome))) return;
              pended += 1;
              abort.abort();
              await rejectsPromptly(outcome, `${name}, aborted while it was pending,`);
            });
          }
          assert.ok(pended > 0, 'no call pends while the fixture stalls them');
        }),
    },
  ];
}

async function pends(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  );
  return Promise.race([settled, afterTurns()]);
}

async function afterTurns(): Promise<true> {
  for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
  return true;
}
