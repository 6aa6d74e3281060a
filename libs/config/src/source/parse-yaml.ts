import { isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, type YAMLMap } from 'yaml';
import { formatPath, type ConfigurationPath } from '../path.js';
import type { ConfigurationProblem, Place } from '../problem.js';
import { RESERVED_KEYS, type ConfigurationNode, type MapNode, type ScalarNode } from './node.js';
import { scanYaml, type ScannedYaml } from './scan-yaml.js';

export interface ParsedYaml {
  /** Absent where the text is not YAML. What a problem names is left out of it. */
  readonly root?: ConfigurationNode;
  readonly problems: readonly ConfigurationProblem[];
}

/** Parses the text of a configuration file. */
export function parseYaml(text: string, source: string): ParsedYaml {
  const scanned = scanYaml(text);
  const placeAt = (offset: number): Place => {
    const { line, col } = scanned.lines.linePos(offset);
    return { source, line, column: col };
  };
  return convert(scanned, placeAt);
}

/** Turns a scanned document into nodes; `placeAt` tells the place of an offset. */
export function convert({ document, problems }: ScannedYaml, placeAt: (offset: number) => Place): ParsedYaml {
  if (document === undefined) return { problems: problems.map(({ offset, message }) => ({ ...placeAt(offset), path: '', message })) };
  const conversion = new Conversion(placeAt);
  return { root: conversion.node(document.contents, [], placeAt(0)), problems: conversion.problems };
}

/** Recursive, which the limit on nesting allows. */
class Conversion {
  readonly problems: ConfigurationProblem[] = [];

  constructor(private readonly placeAt: (offset: number) => Place) {}

  node(node: Node | null, path: ConfigurationPath, place: Place): ConfigurationNode {
    this.refuseProperties(node, path, place);
    if (isMap<ParsedNode, ParsedNode | null>(node)) return this.map(node, path, place);
    if (isSeq<ParsedNode>(node)) {
      const items = node.items.map((item, index) => this.node(item, [...path, index], this.placeOf(item, place)));
      return { kind: 'list', place, items };
    }
    return this.scalar(isScalar(node) ? node.value : null, path, place, isAlias(node));
  }

  private map(node: YAMLMap<ParsedNode, ParsedNode | null>, path: ConfigurationPath, place: Place): MapNode {
    const entries = new Map<string, ConfigurationNode>();
    for (const { key, value } of node.items) {
      const keyPlace = this.placeOf(key, place);
      const name = isScalar(key) ? key.value : undefined;
      if (typeof name !== 'string') {
        this.add(keyPlace, [...path, '?'], 'a key that is not a text', 'a word, or a text in quotation marks');
        continue;
      }
      const keyPath = [...path, name];
      this.refuseProperties(key, keyPath, keyPlace);
      if (RESERVED_KEYS.has(name)) this.add(keyPlace, keyPath, 'no key can have this name');
      else if (name === '<<') this.add(keyPlace, keyPath, 'merge keys are not supported; write the keys out');
      else if (entries.has(name)) this.add(keyPlace, keyPath, 'this key is there twice');
      else entries.set(name, this.node(value, keyPath, keyPlace));
    }
    return { kind: 'map', place, entries };
  }

  private scalar(value: unknown, path: ConfigurationPath, place: Place, isReference: boolean): ScalarNode {
    const inexact = typeof value === 'number' && !isExact(value);
    if (inexact) this.add(place, path, 'a number that cannot be held exactly; put it in quotation marks if it is meant as a text');
    const node: ScalarNode = { kind: 'scalar', place, value: value as ScalarNode['value'] };
    return inexact || isReference ? { ...node, broken: true } : node;
  }

  private refuseProperties(node: Node | null, path: ConfigurationPath, place: Place): void {
    if (isAlias(node) || (node as { anchor?: string } | null)?.anchor !== undefined) {
      this.add(place, path, 'anchors (&) and aliases (*) are not supported; write the value out, or put it in quotation marks');
    }
    if (node?.tag !== undefined) this.add(place, path, 'tags (!) are not supported');
  }

  private placeOf(node: Node | null, fallback: Place): Place {
    return node?.range ? this.placeAt(node.range[0]) : fallback;
  }

  private add(place: Place, path: ConfigurationPath, message: string, expected?: string): void {
    this.problems.push({ ...place, path: formatPath(path), message, ...(expected !== undefined && { expected }) });
  }
}

function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
