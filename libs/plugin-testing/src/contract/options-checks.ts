import assert from 'node:assert/strict';
import { PluginRegistry } from '@parsec/kernel';
import { checkOptions, OptionsRefused, type PluginKind } from '@parsec/plugin-sdk';
import { assertNone, given, type ContractCheck } from './check.js';
import type { PluginFixture } from './fixture.js';
import { ioDuring } from './io-during.js';

/** What holds of every plugin before an instance is made. */
export const OPTIONS_CHECKS: readonly ContractCheck<PluginFixture<PluginKind>>[] = [
  {
    name: 'the registry takes it',
    async run({ plugin }) {
      new PluginRegistry().register(plugin, 'contract');
    },
  },
  {
    name: 'valid options are accepted',
    async run({ plugin, options }) {
      checkOptions(plugin.options, options);
    },
  },
  {
    name: 'an unknown option is refused',
    async run({ plugin, options }) {
      checkOptions(plugin.options, options);
      assert.throws(() => checkOptions(plugin.options, { ...options, no_such_option: true }), isRefusal);
    },
  },
  {
    name: 'invalid options are refused',
    async run({ plugin, invalidOptions }) {
      for (const [index, invalid] of given(invalidOptions, 'invalidOptions').entries()) {
        assert.throws(() => checkOptions(plugin.options, invalid), isRefusal, `accepted: invalidOptions[${index}]`);
      }
    },
  },
  {
    name: 'reading options does no I/O',
    async run({ plugin, options }) {
      // The first reading may load modules lazily.
      checkOptions(plugin.options, options);
      assertNone(
        ioDuring(() => checkOptions(plugin.options, options)),
        'functions of Node that ran meanwhile',
      );
    },
  },
];

function isRefusal(error: unknown): boolean {
  return error instanceof OptionsRefused;
}
