import type { InstanceSpecification } from '@parsec/kernel';
import type { ConfigurationSettings } from '../settings/configuration-settings.js';

/** A configuration without a problem. */
export interface Configuration {
  /** The file as it was named to parsec. */
  readonly file: string;
  /** The absolute path of the file's directory. */
  readonly directory: string;
  /** What the core reads. Frozen, but for the maps; the raw `options` of instances in it may hold secrets. */
  readonly settings: ConfigurationSettings;
  /** In the order of opening: trust stores, key managers, data sources, authorizers. */
  readonly instances: readonly InstanceSpecification[];
}
