import type { JsonObject } from '@parsec/plugin-sdk';
import type { ConfigurationPath } from '../path.js';
import type { ConfigurationProblem, Place } from '../problem.js';
import { descend, nodesOf, toPlain, type ConfigurationNode, type MapNode, type ScalarNode } from './node.js';

/** Shorter texts are found in any sentence by chance. */
const MIN_SECRET_LENGTH = 4;

/** What a configuration was made of. */
export interface ConfigurationParts {
  readonly file: string;
  readonly directory: string;
  readonly root: MapNode;
  readonly secrets: ReadonlySet<string>;
  readonly problems: readonly ConfigurationProblem[];
}

/** A configuration that was read and not yet checked. Knows of every value where it was written, and shows none of them by itself. */
export class ConfigurationSource {
  /** The file as it was named to parsec. */
  readonly file: string;
  /** The absolute path of the file's directory. Relative paths in the configuration start here. */
  readonly directory: string;
  /** What was wrong already; the check reports it with the rest. */
  readonly problems: readonly ConfigurationProblem[];
  readonly #root: MapNode;
  readonly #secrets: readonly string[];

  constructor({ file, directory, root, secrets, problems }: ConfigurationParts) {
    this.file = file;
    this.directory = directory;
    this.problems = problems;
    this.#root = root;
    this.#secrets = [...secrets].filter((secret) => secret.length >= MIN_SECRET_LENGTH);
  }

  /** The entries of `plugins:`, so that they can be loaded before the check; empty where that is no list of texts. */
  get plugins(): readonly string[] {
    const node = this.#root.entries.get('plugins');
    if (node?.kind !== 'list') return [];
    const entries = node.items.map((item) => (item.kind === 'scalar' ? item.value : undefined));
    return entries.every((entry) => typeof entry === 'string' && entry !== '') ? (entries as string[]) : [];
  }

  /** The whole value, a copy. It holds secrets. */
  value(): JsonObject {
    return toPlain(this.#root);
  }

  /** The map at the path with every confidential text and number replaced by another one; `undefined` where there is none to replace. */
  disguised(path: ConfigurationPath): JsonObject | undefined {
    const { node } = descend(this.#root, path);
    if (node.kind !== 'map' || !this.isConfidential(path)) return undefined;
    return toPlain(node, (scalar) => (isConfidential(scalar) ? disguise(scalar.value) : scalar.value));
  }

  /** Where the key or list item at the path was written; for one that is not there, what would hold it. */
  placeOf(path: ConfigurationPath): Place {
    return descend(this.#root, path).node.place;
  }

  /** The paths of values whose reading failed; `problems` says why. */
  brokenPaths(): ConfigurationPath[] {
    return [...nodesOf(this.#root)].flatMap(([node, path]) => (node.kind === 'scalar' && node.broken ? [path] : []));
  }

  /** As much of the path as there is. */
  existing(path: ConfigurationPath): ConfigurationPath {
    return path.filter((_, index) => descend(this.#root, path.slice(0, index + 1)).whole);
  }

  /** Whether a secret stands at the path or below it. */
  isSecret(path: ConfigurationPath): boolean {
    return this.#some(path, (node) => node.kind === 'scalar' && node.secret === true);
  }

  /**
   * Whether nothing derived from the value at the path may be shown: it is a secret, or an override gave it, which is
   * another way to hand over secrets.
   */
  isConfidential(path: ConfigurationPath): boolean {
    return this.#some(path, isConfidential);
  }

  /** Whether a text holds a secret as it is. */
  showsSecret(text: string): boolean {
    return this.#secrets.some((secret) => text.includes(secret));
  }

  #some(path: ConfigurationPath, predicate: (node: ConfigurationNode) => boolean): boolean {
    const { node, whole } = descend(this.#root, path);
    return whole && [...nodesOf(node)].some(([below]) => predicate(below));
  }
}

function isConfidential(node: ConfigurationNode): boolean {
  return node.place.line === undefined || (node.kind === 'scalar' && node.secret === true);
}

/** A value unlike any that somebody would choose, but of the same type. */
function disguise(value: ScalarNode['value']): ScalarNode['value'] {
  if (typeof value === 'string') return '(another value)';
  return typeof value === 'number' ? value + 987_654_321 : value;
}
