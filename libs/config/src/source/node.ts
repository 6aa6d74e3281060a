import type { JsonObject, JsonValue } from '@parsec/plugin-sdk';
import type { ConfigurationPath } from '../path.js';
import type { Place } from '../problem.js';

/** A value of the configuration with its place: the key's for an entry of a map, its own for an item of a list. */
export type ConfigurationNode = ScalarNode | ListNode | MapNode;

/** Mutable while the configuration is read, never afterwards. */
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly place: Place;
  value: string | number | boolean | null;
  /** Whether an interpolation touched it. */
  secret?: true;
  /** Whether reading it failed, so that what it holds is not what was meant. That is reported already. */
  broken?: true;
}

export interface ListNode {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: ConfigurationNode[];
}

export interface MapNode {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: Map<string, ConfigurationNode>;
}

/** Names through which JavaScript code reaches a prototype; no key may have one. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** The node at the end of the path, or the last one on the way to it. */
export function descend(root: ConfigurationNode, path: ConfigurationPath): { readonly node: ConfigurationNode; readonly whole: boolean } {
  let node = root;
  for (const part of path) {
    const child = childOf(node, part);
    if (child === undefined) return { node, whole: false };
    node = child;
  }
  return { node, whole: true };
}

export function childOf(node: ConfigurationNode, part: string | number): ConfigurationNode | undefined {
  if (node.kind === 'map') return node.entries.get(String(part));
  if (node.kind === 'list' && /^\d{1,9}$/.test(String(part))) return node.items[Number(part)];
  return undefined;
}

/** The node and everything below it. */
export function* nodesOf(node: ConfigurationNode, path: ConfigurationPath = []): Generator<[ConfigurationNode, ConfigurationPath]> {
  yield [node, path];
  if (node.kind === 'map') for (const [key, child] of node.entries) yield* nodesOf(child, [...path, key]);
  if (node.kind === 'list') for (const [index, item] of node.items.entries()) yield* nodesOf(item, [...path, index]);
}

/**
 * The value without places. Keys named after prototypes were refused before, so that plain objects can hold it.
 * @param valueOf what stands for a scalar
 */
export function toPlain(node: MapNode, valueOf?: (scalar: ScalarNode) => ScalarNode['value']): JsonObject;
export function toPlain(node: ConfigurationNode, valueOf?: (scalar: ScalarNode) => ScalarNode['value']): JsonValue;
export function toPlain(node: ConfigurationNode, valueOf = ({ value }: ScalarNode): ScalarNode['value'] => value): JsonValue {
  if (node.kind === 'scalar') return valueOf(node);
  if (node.kind === 'list') return node.items.map((item) => toPlain(item, valueOf));
  return Object.fromEntries([...node.entries].map(([key, child]) => [key, toPlain(child, valueOf)]));
}
