import { dirname, resolve } from 'node:path';
import { ConfigurationError } from '../configuration-error.js';
import { ConfigurationSource } from './configuration-source.js';
import { interpolate } from './interpolate.js';
import type { ConfigurationNode, MapNode } from './node.js';
import { applyOverride, collectOverrides } from './overrides.js';
import { parseYaml } from './parse-yaml.js';
import { readRegularFile } from './read-regular-file.js';

/** Largest configuration file. */
const MAX_FILE_BYTES = 1024 * 1024;

export interface ConfigurationInput {
  /** Path of the YAML file; problems name the file as it is written here. */
  readonly file: string;
  /** Mostly `process.env`: `PARSEC__A__B` overrides the key `a.b`, and `${env:NAME}` looks here. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `a.b=value`, from `--set`. A later one wins over an earlier one, and any over the environment. */
  readonly overrides: readonly string[];
}

/**
 * Reads the file, applies the overrides and replaces `${file:…}` and `${env:…}`. Reads no file but these and runs no code.
 * What is wrong but leaves something to check is kept in the source's `problems`.
 * @throws ConfigurationError where nothing can be checked: the file cannot be read, or is not a YAML map within the limits
 */
export async function readConfigurationSource({ file, environment, overrides: flags }: ConfigurationInput): Promise<ConfigurationSource> {
  const directory = dirname(resolve(file));
  const { text, problem } = await readRegularFile(file, MAX_FILE_BYTES);
  if (problem !== undefined) throw new ConfigurationError([{ source: file, path: '', message: `the file cannot be used: ${problem}` }]);
  const parsed = parseYaml(text, file);
  if (parsed.root === undefined) throw new ConfigurationError(parsed.problems);
  const root = asMap(parsed.root);
  if (root === undefined) {
    throw new ConfigurationError([
      ...parsed.problems,
      { ...parsed.root.place, path: '', message: 'wrong value', expected: 'a map of keys' },
    ]);
  }
  const { overrides, problems: misnamed } = collectOverrides(environment, flags);
  const unapplied = overrides.map((override) => applyOverride(root, override)).filter((failure) => failure !== undefined);
  const { secrets, problems: uninterpolated } = await interpolate(root, { directory, environment });
  const problems = [...parsed.problems, ...misnamed, ...unapplied, ...uninterpolated];
  return new ConfigurationSource({ file, directory, root, secrets, problems });
}

/** An empty file is an empty map, which overrides may fill. */
function asMap(root: ConfigurationNode): MapNode | undefined {
  if (root.kind === 'map') return root;
  return root.kind === 'scalar' && root.value === null ? { kind: 'map', place: root.place, entries: new Map() } : undefined;
}
