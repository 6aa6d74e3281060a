import { isCollection, isScalar, type Document } from 'yaml';
import { formatPath, quote } from '../path.js';
import type { ConfigurationProblem, Place } from '../problem.js';
import { childOf, RESERVED_KEYS, type ConfigurationNode, type MapNode } from './node.js';
import { convert } from './parse-yaml.js';
import { scanYaml } from './scan-yaml.js';

const ENVIRONMENT_PREFIX = 'PARSEC__';
/** A part of a path that an override may name; list items are named by their index. */
const PATH_PART = /^[A-Za-z0-9][\w-]{0,99}$/;
/** Longest path of an override. */
const MAX_PARTS = 64;

/** One value that replaces what the file says. */
export interface Override {
  /** How problems name it: `environment PARSEC__A__B` or `--set a.b`. */
  readonly name: string;
  readonly path: readonly string[];
  readonly text: string;
}

export interface Overrides {
  /** In the order of application: a later one wins. */
  readonly overrides: readonly Override[];
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * Reads `PARSEC__A__B=value` of the environment, shorter paths first, and then `a.b=value` of the flags in their order.
 * Variables reach lower-case keys only. No problem shows a value, nor a text that could be one.
 */
export function collectOverrides(environment: Readonly<Record<string, string | undefined>>, flags: readonly string[]): Overrides {
  const variables = collectVariables(environment);
  const set = flags.map((flag, index) => readFlag(flag, index + 1));
  const all = [...variables, ...set];
  return {
    overrides: all.flatMap((found) => ('text' in found ? found : [])),
    problems: all.flatMap((found) => ('text' in found ? [] : found)),
  };
}

function collectVariables(environment: Readonly<Record<string, string | undefined>>): (Override | ConfigurationProblem)[] {
  const seen = new Set<string>();
  return Object.entries(environment)
    .filter((entry): entry is [string, string] => entry[0].startsWith(ENVIRONMENT_PREFIX) && entry[1] !== undefined)
    .map(([name, text]) => ({ name, text, path: name.slice(ENVIRONMENT_PREFIX.length).toLowerCase().split('__') }))
    .toSorted((one, other) => one.path.length - other.path.length)
    .map(({ name, text, path }) => {
      if (!isPath(path))
        return { source: `environment ${quote(name)}`, path: '', message: 'this names no key', expected: 'PARSEC__SECTION__KEY' };
      const source = `environment ${name}`;
      const key = formatPath(path);
      if (seen.has(key)) return { source, path: key, message: 'another variable, which differs in case only, sets this key too' };
      seen.add(key);
      return { name: source, path, text };
    });
}

function readFlag(flag: string, position: number): Override | ConfigurationProblem {
  const equals = flag.indexOf('=');
  const path = flag.slice(0, Math.max(equals, 0)).split('.');
  if (isPath(path)) return { name: `--set ${path.join('.')}`, path, text: flag.slice(equals + 1) };
  return { source: `--set (number ${position})`, path: '', message: 'this names no key', expected: '--set section.key=value' };
}

/** Puts the value in its place, with maps on the way where there are none. Returns what stands in the way. */
export function applyOverride(root: MapNode, { name, path, text }: Override): ConfigurationProblem | undefined {
  const place: Place = { source: name };
  let node: ConfigurationNode = root;
  for (const [index, part] of path.entries()) {
    const child = childOf(node, part);
    const isLast = index === path.length - 1;
    const next = isLast ? parseValue(text, place) : (orAbsent(child) ?? { kind: 'map', place, entries: new Map() });
    if (next !== child && !put(node, part, next)) {
      return { ...place, path: formatPath(path), message: `${formatPath(path.slice(0, index))} has no key or item of this name` };
    }
    node = next;
  }
  return undefined;
}

/** A list keeps its length; anything but a map or a list holds nothing. */
function put(node: ConfigurationNode, part: string, value: ConfigurationNode): boolean {
  if (node.kind === 'map') node.entries.set(part, value);
  else if (node.kind === 'list' && childOf(node, part) !== undefined) node.items[Number(part)] = value;
  else return false;
  return true;
}

/** A key without a value counts as left out. */
function orAbsent(node: ConfigurationNode | undefined): ConfigurationNode | undefined {
  return node?.kind === 'scalar' && node.value === null ? undefined : node;
}

function isPath(path: readonly string[]): boolean {
  return path.length <= MAX_PARTS && path.every((part) => PATH_PART.test(part) && !RESERVED_KEYS.has(part));
}

/** A scalar or a list or map in brackets, as YAML reads it; anything else is the text itself. */
function parseValue(text: string, place: Place): ConfigurationNode {
  const plain: ConfigurationNode = { kind: 'scalar', place, value: text };
  // YAML would fold the lines of a key in PEM, say, into one.
  if (text.includes('\n') && !/^\s*["'[{]/.test(text)) return plain;
  const scanned = scanYaml(text);
  if (scanned.document === undefined || !isValue(scanned.document)) return plain;
  const { root, problems } = convert(scanned, () => place);
  return root === undefined || problems.length > 0 ? plain : root;
}

/** Whether the text is one value and nothing else: a password with ` #` in it must not lose what YAML takes for a comment. */
function isValue({ contents, comment, commentBefore }: Document.Parsed): boolean {
  if (comment || commentBefore || contents?.comment || contents?.commentBefore) return false;
  if (isCollection(contents)) return contents.flow === true;
  return contents === null || (isScalar(contents) && (contents.type === 'PLAIN' || contents.type?.startsWith('QUOTE') === true));
}
