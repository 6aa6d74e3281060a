import type { PluginLoadProblem } from '@parsec/kernel';
import { formatPath } from '../path.js';
import type { ConfigurationProblem } from '../problem.js';
import type { ConfigurationSource } from '../source/configuration-source.js';
import type { Finding, Words } from './finding.js';

/** Longest message, in characters. */
const MAX_LENGTH = 1000;

const NOTHING_MORE: Words = {};

/** Gives the finding its place, and keeps confidential values out of its words. */
export function toProblem({ path, message, expected, nearest, discreet }: Finding, source: ConfigurationSource): ConfigurationProblem {
  const full = { message, expected, nearest };
  const words = source.isConfidential(path) ? (discreet ?? { message, expected }) : full;
  // No code of ours puts a secret into words; what a plugin says is not ours.
  const said = source.showsSecret(Object.values(words).join('\n')) ? NOTHING_MORE : words;
  const formatted = formatPath(path);
  return {
    ...source.placeOf(path),
    path: source.showsSecret(formatted) ? formatPath(source.existing(path)) : formatted,
    message: onOneLine(said.message ?? 'wrong value'),
    ...(said.expected !== undefined && { expected: onOneLine(said.expected) }),
    ...(said.nearest !== undefined && { nearest: onOneLine(said.nearest) }),
  };
}

/** Nothing that a plugin says can move a terminal's cursor, or pass for another problem. */
function onOneLine(words: string): string {
  const line = words.replaceAll(/[\s\p{C}]+/gu, ' ').trim();
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}

/** What the loading of a plugin found, which quotes the entry. */
export function pluginProblem({ index, message }: PluginLoadProblem, source: ConfigurationSource): ConfigurationProblem {
  const path = ['plugins', index];
  const words = { path, message: source.isSecret(path) ? 'this plugin cannot be loaded' : message };
  return toProblem(words, source);
}
