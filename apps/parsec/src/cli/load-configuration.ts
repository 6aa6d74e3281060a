import { checkConfiguration, readConfigurationSource, type Configuration } from '@parsec/config';
import { loadPlugins, type PluginRegistry } from '@parsec/kernel';
import { createRegistry } from '../built-in-plugins.js';

/** What the command line says about the configuration. */
export interface ConfigurationOptions {
  readonly config: string;
  /** `path=value` entries. */
  readonly set?: readonly string[];
}

/**
 * Reads, completes and checks the configuration, and loads the plugins it names. Opens no socket.
 * @throws ConfigurationError with every problem at once
 */
export async function loadConfiguration({
  config,
  set,
}: ConfigurationOptions): Promise<{ configuration: Configuration; registry: PluginRegistry }> {
  const source = await readConfigurationSource({ file: config, environment: process.env, overrides: set ?? [] });
  const registry = createRegistry();
  const pluginProblems = await loadPlugins(registry, source.plugins, source.directory);
  return { configuration: checkConfiguration(source, registry, pluginProblems), registry };
}
