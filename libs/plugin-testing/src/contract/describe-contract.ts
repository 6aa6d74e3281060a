import { describe, it } from '@jest/globals';
import type { PluginKind } from '@parsec/plugin-sdk';
import { contractChecks } from './contract-checks.js';
import type { ContractFixture } from './fixture.js';

/** Some checks make RSA keys, or wait for what should not come; milliseconds. */
const TIMEOUT = 30_000;

/**
 * Registers the contract of the plugin's kind with Jest, a test for each check.
 * What the fixture says the plugin cannot do is shown as skipped, with the reason.
 * @throws Error where `cannot` names a check that there is not, so that no reason outlives its check
 */
export function describeContract<Kind extends PluginKind>(fixture: ContractFixture<Kind>): void {
  const { kind, type } = fixture.plugin;
  const checks = contractChecks(kind);
  const cannot = new Map(Object.entries(fixture.cannot ?? {}));
  const unknown = [...cannot.keys()].filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) throw new Error(`there is no check named ${unknown.join(', ')} for the kind ${kind}`);
  describe(`the contract of ${kind} "${type}"`, () => {
    for (const { name, run } of checks) {
      const reason = cannot.get(name);
      const register = reason === undefined ? it : it.skip;
      register(reason === undefined ? name : `${name} (cannot: ${reason})`, () => run(fixture), TIMEOUT);
    }
  });
}
