import type { PluginKind } from '@parsec/plugin-sdk';
import type { ContractFixture } from '../fixture.js';

/** A plugin that breaks one duty, and the check that must notice. */
export interface BrokenPlugin<Kind extends PluginKind> {
  readonly check: string;
  /** Goes on from "a plugin that". */
  readonly fault: string;
  /** Part of what the check then says, so that it is known to fail for this reason. */
  readonly says: string;
  readonly fixture: ContractFixture<Kind>;
}
