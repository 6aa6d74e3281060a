import assert from 'node:assert/strict';
import type { Instance } from '@parsec/kernel';
import type { PluginKind } from '@parsec/plugin-sdk';
import { assertNone, given, patientContext, type Calls, type ContractCheck } from './check.js';
import type { ContractFixture } from './fixture.js';
import { leftAfter } from './left-after.js';
import { inPlace, openIn, withInstance, type Place } from './place.js';

/** What holds of the instances of every plugin, used through the calls of its kind. */
export function instanceChecks<Kind extends PluginKind>(calls: Calls<Kind>): readonly ContractCheck<ContractFixture<Kind>>[] {
  const use = async (instance: Instance<Kind>, fixture: ContractFixture<Kind>): Promise<void> => {
    for (const prepare of Object.values(calls)) {
      const call = await prepare(instance.api, fixture);
      await call(patientContext());
    }
  };
  return [
    {
      name: 'health is up or down, in words',
      run: (fixture) =>
        withInstance(fixture, async (instance) => {
          const { status, detail } = (instance.api as Partial<Instance>).health?.() ?? instance.health();
          assert.ok(status === 'up' || status === 'down', 'status is neither up nor down');
          assert.ok(detail === undefined || typeof detail === 'string', 'detail is no text');
        }),
    },
    {
      name: 'closing twice is safe',
      run: (fixture) =>
        inPlace(fixture, async (place) => {
          const instance = await openIn(place, fixture);
          await instance.close();
          await instance.close();
          // The kernel remembers that it closed an instance; the instance itself must bear it too.
          await (instance.api as { onApplicationShutdown?: () => unknown }).onApplicationShutdown?.();
        }),
    },
    {
      name: 'nothing is left after closing',
      run: (fixture) =>
        inPlace(fixture, (place) =>
          leavesNothing(place, async () => {
            const instance = await openIn(place, fixture);
            await use(instance, fixture).finally(() => instance.close());
          }),
        ),
    },
    {
      name: 'a failed open releases everything',
      async run(fixture) {
        for (const options of given(fixture.unopenableOptions, 'unopenableOptions')) {
          await inPlace(fixture, (place) =>
            leavesNothing(place, () => assert.rejects(openIn(place, fixture, options), { code: 'PARSEC_INSTANCE_OPEN_FAILED' })),
          );
        }
      },
    },
    {
      name: 'two instances with the same options live side by side',
      run: (fixture) =>
        inPlace(fixture, async (place) => {
          const [one, other] = [await openIn(place, fixture), await openIn(place, fixture)];
          try {
            await use(one, fixture);
            await use(other, fixture);
            await one.close();
            await use(other, fixture);
          } finally {
            await one.close();
            await other.close();
          }
        }),
    },
  ];
}

async function leavesNothing(place: Place, action: () => Promise<void>): Promise<void> {
  assertNone(await leftAfter(action), 'left open');
  assertNone(place.clock.due.map(String), 'still scheduled');
}
