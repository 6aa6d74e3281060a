import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ParsecError } from '@parsec/plugin-sdk';
import type { PluginRegistry } from './registry.js';

/** An entry of `plugins:` that could not be used. */
export interface PluginLoadProblem {
  /** Index in the list. */
  readonly index: number;
  readonly message: string;
}

/**
 * Loads the packages and paths listed under `plugins:` and registers what they bring: one plugin as default export, or a list of them.
 * A path begins with `.` or `/`; everything else is a package, looked up from `directory`. Loading runs the package's code.
 * @param directory that of the configuration file
 * @returns one problem for each entry that cannot be loaded or registered; never throws
 */
export async function loadPlugins(registry: PluginRegistry, entries: readonly string[], directory: string): Promise<PluginLoadProblem[]> {
  const problems: PluginLoadProblem[] = [];
  for (const [index, entry] of entries.entries()) {
    try {
      const loaded = (await import(locate(entry, directory))) as { default?: unknown };
      const plugins: unknown[] = Array.isArray(loaded.default) ? loaded.default : [loaded.default];
      for (const plugin of plugins) registry.register(plugin, entry);
    } catch (error) {
      const reason = error instanceof ParsecError ? error.message : `cannot be loaded: ${firstLine(error)}`;
      problems.push({ index, message: `"${entry}" ${reason}` });
    }
  }
  return problems;
}

function locate(entry: string, directory: string): string {
  if (!entry.startsWith('.') && !entry.startsWith('/')) {
    // As if the configuration file itself imported the package; parsec's own packages are the fallback.
    const require = createRequire(join(directory, 'parsec.yaml'));
    try {
      return pathToFileURL(require.resolve(entry)).href;
    } catch {
      return locateBesideParsec(entry, directory);
    }
  }
  const path = resolve(directory, entry);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new ParsecError('PARSEC_PLUGIN_INVALID', `is not there: ${path} does not exist`);
  // Node's own resolution of directories (package.json "exports" and "main") is what a package's author expects.
  return pathToFileURL(found.isDirectory() ? resolveDirectory(path) : path).href;
}

function locateBesideParsec(entry: string, directory: string): string {
  try {
    return import.meta.resolve(entry);
  } catch (error) {
    const message = `is no package that can be found from ${directory}; a path begins with ./ or /`;
    throw new ParsecError('PARSEC_PLUGIN_INVALID', message, { cause: error });
  }
}

function resolveDirectory(path: string): string {
  const require = createRequire(join(path, 'package.json'));
  const { name } = require('./package.json') as { name?: string };
  try {
    // A package may import itself by its name, and only then are its "exports" honoured.
    return require.resolve(name ?? '.');
  } catch {
    return require.resolve(path);
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
