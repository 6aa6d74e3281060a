import { inspect } from 'node:util';
import { checkOptions, type PluginKind } from '@parsec/plugin-sdk';
import { assertNone, given, patientContext, type Calls, type ContractCheck } from './check.js';
import type { ContractFixture, PlainOptions } from './fixture.js';
import { inPlace, openIn, withInstance } from './place.js';

/** Provokes every error that the fixture can, and reads them all and everything that was logged. */
export function secretsCheck<Kind extends PluginKind>(calls: Calls<Kind>): ContractCheck<ContractFixture<Kind>> {
  return {
    name: 'no error and no log line holds a secret',
    async run(fixture) {
      const secrets = given(fixture.secrets, 'secrets');
      const { plugin, options, invalidOptions = [], unopenableOptions = [], whileFailing } = fixture;
      const seen: unknown[] = [];
      const provoke = async (action: () => unknown): Promise<void> => {
        try {
          await action();
        } catch (error) {
          seen.push(error);
        }
      };
      const refused: readonly PlainOptions[] = [{ ...options, no_such_option: true }, ...invalidOptions];
      for (const plain of refused) await provoke(() => checkOptions(plugin.options, plain));
      for (const plain of unopenableOptions) {
        await inPlace(fixture, async (place) => {
          await provoke(() => openIn(place, fixture, plain));
          seen.push(place.logger.lines);
        });
      }
      await withInstance(fixture, async (instance, { logger }) => {
        for (const prepare of Object.values(calls)) {
          const call = await prepare(instance.api, fixture);
          await provoke(() => call(patientContext()));
          await provoke(() => call({ signal: AbortSignal.abort() }));
          await whileFailing?.(() => provoke(() => call(patientContext())));
        }
        seen.push(logger.lines, instance.health());
      });
      const text = inspect(seen, { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity, breakLength: Infinity });
      // Not the secret itself: what a failed check prints is read by many.
      const shown = secrets.flatMap((secret, index) => (text.includes(secret) ? [`secrets[${index}]`] : []));
      assertNone(shown, 'secrets that were shown');
    },
  };
}
