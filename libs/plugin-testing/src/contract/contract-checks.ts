import type { PluginKind } from '@parsec/plugin-sdk';
import { abortChecks } from './abort-checks.js';
import { AUTHORIZER_CALLS, AUTHORIZER_CHECKS } from './authorizer-checks.js';
import type { Calls, ContractCheck } from './check.js';
import { DATA_SOURCE_CALLS, DATA_SOURCE_CHECKS } from './data-source-checks.js';
import type { ContractFixture } from './fixture.js';
import { instanceChecks } from './instance-checks.js';
import { KEY_MANAGER_CALLS, KEY_MANAGER_CHECKS } from './key-manager-checks.js';
import { OPTIONS_CHECKS } from './options-checks.js';
import { secretsCheck } from './secrets-check.js';
import { TRUST_STORE_CALLS, TRUST_STORE_CHECKS } from './trust-store-checks.js';

const CHECKS: { readonly [Kind in PluginKind]: readonly ContractCheck<ContractFixture<Kind>>[] } = {
  // No call of a trust store can be aborted: it answers from memory.
  trust_store: [...everyKindChecks<'trust_store'>(TRUST_STORE_CALLS), ...TRUST_STORE_CHECKS],
  key_manager: [
    ...everyKindChecks<'key_manager'>(KEY_MANAGER_CALLS),
    ...abortChecks<'key_manager'>(KEY_MANAGER_CALLS),
    ...KEY_MANAGER_CHECKS,
  ],
  data_source: [
    ...everyKindChecks<'data_source'>(DATA_SOURCE_CALLS),
    ...abortChecks<'data_source'>(DATA_SOURCE_CALLS),
    ...DATA_SOURCE_CHECKS,
  ],
  authorizer: [...everyKindChecks<'authorizer'>(AUTHORIZER_CALLS), ...abortChecks<'authorizer'>(AUTHORIZER_CALLS), ...AUTHORIZER_CHECKS],
};

/** The contract of a kind: every check that its plugins must pass. */
export function contractChecks<Kind extends PluginKind>(kind: Kind): readonly ContractCheck<ContractFixture<Kind>>[] {
  return CHECKS[kind];
}

function everyKindChecks<Kind extends PluginKind>(calls: Calls<Kind>): readonly ContractCheck<ContractFixture<Kind>>[] {
  return [...OPTIONS_CHECKS, ...instanceChecks(calls), secretsCheck(calls)];
}
