import { isCollection, isScalar, type Document } from 'yaml';
import { formatPath } from '../path.js';
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
 * No problem shows a value, nor a text that could be one.
 */
export function collectOverrides(environment: Readonly<Record<string, string | undefined>>, flags: readonly string[]): Overrides {
  const overrides: Override[] = [];
  const problems: ConfigurationProblem[] = [];
  const variables = Object.entries(environment)
    .filter((entry): entry is [string, string] => entry[0].startsWith(ENVIRONMENT_PREFIX) && entry[1] !== undefined)
    .map(([name, text]) => ({ name: `environment ${name}`, path: name.slice(ENVIRONMENT_PREFIX.length).toLowerCase().split('__'), text }))
    .toSorted((one, other) => one.path.length - other.path.length);
  for (const variable of variables) {
    const key = variable.path.join('.');
    if (!isPath(variable.path))
      problems.push({ source: variable.name, path: '', message: 'this names no key', expected: 'PARSEC__SECTION__KEY' });
    else if (overrides.some(({ path }) => path.join('.') === key))
      problems.push({ source: variable.name, path: key, message: 'another variable sets this key too' });
    else overrides.push(variable);
  }
  for (const [index, flag] of flags.entries()) {
    const equals = flag.indexOf('=');
    const path = flag.slice(0, Math.max(equals, 0)).split('.');
    if (isPath(path)) overrides.push({ name: `--set ${path.join('.')}`, path, text: flag.slice(equals + 1) });
    else
      problems.push({ source: `--set (number ${index + 1})`, path: '', message: 'this names no key', expected: '--set section.key=value' });
  }
  return { overrides, problems };
}

/** Puts the value in its place, with maps on the way where there are none. Returns what stands in the way. */
export function applyOverride(root: MapNode, { name, path, text }: Override): ConfigurationProblem | undefined {
  const place: Place = { source: name };
  const value = parseValue(text, place);
  let node: ConfigurationNode = root;
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    const child = last ? undefined : childOf(node, part);
    if (node.kind === 'list' && Number(part) < node.items.length) {
      if (last) node.items[Number(part)] = value;
    } else if (node.kind !== 'map') {
      return { ...place, path: formatPath(path), message: `${formatPath(path.slice(0, index))} has no key or item of this name` };
    } else if (last || child === undefined || isEmpty(child)) {
      node.entries.set(part, last ? value : { kind: 'map', place, entries: new Map() });
    }
    node = childOf(node, part) ?? node;
  }
  return undefined;
}

function isPath(path: readonly string[]): boolean {
  return path.length <= MAX_PARTS && path.every((part) => PATH_PART.test(part) && !RESERVED_KEYS.has(part));
}

function isEmpty(node: ConfigurationNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** A scalar or a list or map in brackets, as YAML reads it; anything else is the text itself. */
function parseValue(text: string, place: Place): ConfigurationNode {
  const plain: ConfigurationNode = { kind: 'scalar', place, secret: false, value: text };
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
