import type { PluginLoadProblem, PluginRegistry } from '@parsec/kernel';
import { ConfigurationError } from '../configuration-error.js';
import { ConfigurationSettings } from '../settings/configuration-settings.js';
import type { ConfigurationSource } from '../source/configuration-source.js';
import { checkObject } from './check-object.js';
import { checkClaimMappings, findClaimMappings } from './claim-mappings.js';
import type { Configuration } from './configuration.js';
import { deepFreeze } from './deep-freeze.js';
import type { Finding } from './finding.js';
import { checkInstances, type CheckedInstances } from './check-instances.js';
import { checkIssuers } from './check-issuers.js';
import { checkReferences } from './check-references.js';
import { checkSettings } from './check-settings.js';
import { soundnessOf, type Soundness } from './soundness.js';
import { pluginProblem, toProblem } from './to-problem.js';

/**
 * Checks everything that can be checked without I/O: every key, the options of every instance with its plugin's class,
 * and what has to agree between them.
 * @param pluginProblems what could not be loaded of `source.plugins`
 * @throws ConfigurationError with every problem at once, those of reading included
 */
export function checkConfiguration(
  source: ConfigurationSource,
  registry: PluginRegistry,
  pluginProblems: readonly PluginLoadProblem[],
): Configuration {
  const { object, findings } = checkObject(ConfigurationSettings, source.value());
  // What could not be read is not also wrong.
  const broken = soundnessOf(source.brokenPaths());
  const own = findings.filter(({ path }) => broken.isSound(path));
  const soundness = soundnessOf([...source.brokenPaths(), ...own.map(({ path }) => path)]);
  const settings = object instanceof ConfigurationSettings ? object : new ConfigurationSettings();
  const checked = checkInstances(settings, { registry, soundness, source });
  const others = [...checked.findings, ...checkRelations(settings, checked, soundness, source)].filter(({ path }) => broken.isSound(path));
  const problems = [
    ...source.problems,
    ...pluginProblems.map((problem) => pluginProblem(problem, source)),
    ...[...own, ...others].map((finding) => toProblem(finding, source)),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  const { file, directory } = source;
  const instances = checked.instances.map(({ name, definition, options }) => ({ name, definition, options }));
  return { file, directory, settings: deepFreeze(settings), instances };
}

/** What has to agree between several parts. */
function checkRelations(
  settings: ConfigurationSettings,
  { instances }: CheckedInstances,
  soundness: Soundness,
  source: ConfigurationSource,
): Finding[] {
  const claims = findClaimMappings(settings, soundness);
  const trustStores = instances.filter(({ definition }) => definition.kind === 'trust_store').length;
  const complete = soundness.isSound(['trust_stores']) && settings.trust_stores.size === trustStores;
  return [
    ...checkSettings(settings, soundness),
    ...checkClaimMappings(claims),
    ...checkReferences(settings, claims, soundness, (path) => source.isConfidential(path)),
    ...checkIssuers(instances, complete, soundness.isSound(['server', 'issuer']) ? settings.server.issuer : undefined),
  ];
}
