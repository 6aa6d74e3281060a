import { describe, expect, it } from '@jest/globals';
import type { PluginKind } from '@parsec/plugin-sdk';
import { contractChecks, describeContract, type ContractFixture } from '../index.js';
import { BROKEN_AUTHORIZERS, GOOD_AUTHORIZER } from './proof/authorizers.fixture.js';
import type { BrokenPlugin } from './proof/broken-plugin.fixture.js';
import { CALL_FAULTS } from './proof/call-faults.fixture.js';
import { BROKEN_DATA_SOURCES, GOOD_DATA_SOURCE } from './proof/data-sources.fixture.js';
import { INSTANCE_FAULTS } from './proof/instance-faults.fixture.js';
import { BROKEN_KEY_MANAGERS } from './proof/key-manager-faults.fixture.js';
import { GOOD_KEY_MANAGER } from './proof/key-managers.fixture.js';
import { OPTIONS_FAULTS } from './proof/options-faults.fixture.js';
import { BROKEN_TRUST_STORES, GOOD_TRUST_STORE } from './proof/trust-stores.fixture.js';

/** Shown with data sources, and the same code for every kind. */
const COMMON_FAULTS = [...OPTIONS_FAULTS, ...INSTANCE_FAULTS, ...CALL_FAULTS];

prove('trust_store', GOOD_TRUST_STORE, BROKEN_TRUST_STORES);
prove('key_manager', GOOD_KEY_MANAGER, BROKEN_KEY_MANAGERS);
prove('data_source', GOOD_DATA_SOURCE, [...COMMON_FAULTS, ...BROKEN_DATA_SOURCES]);
prove('authorizer', GOOD_AUTHORIZER, BROKEN_AUTHORIZERS);

function prove<Kind extends PluginKind>(kind: Kind, good: ContractFixture<Kind>, broken: readonly BrokenPlugin<Kind>[]): void {
  const checks = contractChecks(kind);
  const run = async (name: string, fixture: ContractFixture<Kind>): Promise<void> => {
    await checks.find((check) => check.name === name)?.run(fixture);
  };

  describe(`the contract of the kind ${kind}`, () => {
    it.each(checks.map(({ name }) => name))('is kept by a good one: %s', async (name) => {
      await expect(run(name, good)).resolves.toBeUndefined();
    });

    it.each(broken)('is broken by one that $fault: $check', async ({ check, says, fixture }) => {
      await expect(run(check, fixture)).rejects.toThrow(says);
    });

    it('has a broken plugin for every check', () => {
      const proven = new Set([...COMMON_FAULTS, ...broken].map(({ check }) => check));
      expect(checks.map(({ name }) => name).filter((name) => !proven.has(name))).toEqual([]);
    });

    it('has no two checks of one name', () => {
      expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
    });
  });
}

describe('a check that lacks what it needs of the fixture', () => {
  const { plugin, options, prepare } = GOOD_DATA_SOURCE;
  const bare: ContractFixture<'data_source'> = { plugin, options, ...(prepare && { prepare }) };

  it.each([
    ['invalid options are refused', 'invalidOptions'],
    ['a failed open releases everything', 'unopenableOptions'],
    ['no error and no log line holds a secret', 'secrets'],
    ['a call that pends ends when it is aborted', 'whileStalled'],
    ['nothing to know is undefined, not a failure', 'nothingFor'],
    ['a failure is a rejection, not missing data', 'whileFailing'],
  ])('fails rather than passes: %s without %s', async (name, missing) => {
    const check = contractChecks('data_source').find((candidate) => candidate.name === name);
    await expect(check?.run(bare)).rejects.toThrow(`the fixture has no "${missing}"`);
  });
});

it('a fixture cannot excuse itself from a check that there is not', () => {
  expect(() => describeContract({ ...GOOD_DATA_SOURCE, cannot: { 'signs twice': 'it signs nothing' } })).toThrow('signs twice');
});
