import type { InstanceSpecification, PluginRegistry } from '@parsec/kernel';
import { PLUGIN_KINDS, type PluginKind } from '@parsec/plugin-sdk';
import type { ConfigurationPath } from '../path.js';
import type { ConfigurationSettings } from '../settings/configuration-settings.js';
import type { InstanceSection } from '../settings/instance-section.js';
import type { ConfigurationSource } from '../source/configuration-source.js';
import { checkObject } from './check-object.js';
import { within, type Finding } from './finding.js';
import { nearestName } from './nearest-name.js';
import type { Soundness } from './soundness.js';

/** The section of the configuration that holds the instances of each kind. */
export const SECTION_OF = {
  trust_store: 'trust_stores',
  key_manager: 'key_managers',
  data_source: 'data_sources',
  authorizer: 'authorizers',
} as const satisfies Record<PluginKind, keyof ConfigurationSettings>;

/** One instance whose options are right. */
export interface CheckedInstance extends InstanceSpecification {
  /** Where its options stand. */
  readonly path: ConfigurationPath;
}

export interface CheckedInstances {
  /** Those that are right, in the order of opening. */
  readonly instances: readonly CheckedInstance[];
  readonly findings: readonly Finding[];
}

/** What the instances are checked with. */
export interface InstanceSurroundings {
  readonly registry: PluginRegistry;
  readonly soundness: Soundness;
  readonly source: ConfigurationSource;
}

/** Checks the type and the options of every instance with the plugins that there are. */
export function checkInstances(settings: ConfigurationSettings, surroundings: InstanceSurroundings): CheckedInstances {
  const { isSound } = surroundings.soundness;
  const checked = PLUGIN_KINDS.flatMap((kind) => {
    const section = SECTION_OF[kind];
    if (!isSound([section])) return [];
    return [...settings[section]]
      .filter(([name]) => isSound([section, name]))
      .map(([name, instance]) => checkInstance(kind, name, instance, surroundings));
  });
  return {
    instances: checked.flatMap(({ instance }) => instance ?? []),
    findings: checked.flatMap(({ findings }) => findings),
  };
}

interface Checked {
  readonly instance?: CheckedInstance;
  readonly findings: readonly Finding[];
}

function checkInstance(
  kind: PluginKind,
  name: string,
  { type, options }: InstanceSection,
  { registry, soundness: { isSound }, source }: InstanceSurroundings,
): Checked {
  const entry = [SECTION_OF[kind], name];
  if (!isSound([...entry, 'type'])) return { findings: [] };
  const plugin = registry.find(kind, type);
  if (plugin === undefined) return { findings: [unknownType([...entry, 'type'], type, registry.types(kind))] };
  const path = [...entry, 'options'];
  if (!isSound(path)) return { findings: [] };
  const { definition } = plugin;
  const { object, findings } = checkObject(definition.options, options);
  if (object !== undefined && findings.length === 0) return { instance: { name, definition, options: object, path }, findings };
  const disguised = source.disguised(path);
  const discreet = disguised === undefined ? findings : keepDiscreet(findings, checkObject(definition.options, disguised).findings);
  return { findings: within(path, discreet) };
}

/**
 * Leaves only those words that stay the same when every confidential value in the options is another: they derive nothing from one,
 * whatever the plugin does to put them together.
 */
function keepDiscreet(findings: readonly Finding[], disguised: readonly Finding[]): Finding[] {
  const unchanged = new Set(disguised.map((finding) => JSON.stringify(finding)));
  return findings.map((finding) => {
    const { path, message, expected, nearest, discreet = { message, expected } } = finding;
    const words = unchanged.has(JSON.stringify(finding)) ? { message, expected, nearest } : discreet;
    return { path, ...words, discreet: words };
  });
}

function unknownType(path: ConfigurationPath, type: string, types: readonly string[]): Finding {
  const expected = types.length === 0 ? 'a type that a plugin brings, of which there is none' : `one of ${types.toSorted().join(', ')}`;
  return { path, message: 'unknown type', expected, nearest: nearestName(type, new Set(types)) };
}
