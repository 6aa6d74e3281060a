import { resolve } from 'node:path';
import { formatPath } from '../path.js';
import type { ConfigurationProblem } from '../problem.js';
import { nodesOf, type MapNode, type ScalarNode } from './node.js';
import { readRegularFile } from './read-regular-file.js';

/** Largest file behind `${file:…}`. */
const MAX_FILE_BYTES = 65_536;
/** What all interpolated values of one configuration may come to, in characters. */
const MAX_TOTAL_LENGTH = 4 * 1024 * 1024;

/** How environment variables are named (POSIX, section 8.1). */
const PLAIN_NAME = /^[A-Z_][A-Z0-9_]{0,63}$/;

/** `$${` is a literal `${`; anything else that begins with `${` must be a whole reference. */
const REFERENCE = /\$\$\{|\$\{(?:([^{}]*)\})?/g;

/** What references are looked up in. */
export interface InterpolationSurroundings {
  /** Where relative paths start. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Interpolated {
  /** Every text that a reference stood for. */
  readonly secrets: ReadonlySet<string>;
  readonly problems: readonly ConfigurationProblem[];
}

type Replacement = { readonly text: string } | { readonly problem: string };

/**
 * Replaces `${file:/path}` and `${env:NAME}` in every text of the configuration, in place. What they stand for is not
 * looked at again. One trailing line break of a file is dropped.
 */
export async function interpolate(root: MapNode, surroundings: InterpolationSurroundings): Promise<Interpolated> {
  const problems: ConfigurationProblem[] = [];
  const known = new Map<string, Replacement>();
  let budget = MAX_TOTAL_LENGTH;
  for (const [node, path] of nodesOf(root)) {
    if (node.kind !== 'scalar' || typeof node.value !== 'string' || !node.value.includes('${')) continue;
    for (const [, reference] of node.value.matchAll(REFERENCE)) {
      if (reference !== undefined && !known.has(reference)) known.set(reference, await lookUp(reference, surroundings));
    }
    const add = (message: string): void => void problems.push({ ...node.place, path: formatPath(path), message });
    budget -= replace(node, known, add);
    if (budget < 0) {
      add(`the values behind \${file:…} and \${env:…} come to more than ${MAX_TOTAL_LENGTH / 1024 / 1024} MiB`);
      break;
    }
  }
  return { problems, secrets: new Set([...known.values()].flatMap((found) => ('text' in found ? [found.text] : []))) };
}

/** Returns the length of what was put in. */
function replace(node: ScalarNode, known: ReadonlyMap<string, Replacement>, add: (message: string) => void): number {
  let length = 0;
  const failures = new Set<string>();
  node.value = String(node.value).replaceAll(REFERENCE, (match, reference: string | undefined) => {
    if (match === '$${') return '${';
    node.secret = true;
    const found = reference === undefined ? { problem: NO_REFERENCE } : (known.get(reference) ?? { problem: NO_REFERENCE });
    if ('problem' in found) {
      failures.add(found.problem);
      node.broken = true;
      return '';
    }
    length += found.text.length;
    return length > MAX_TOTAL_LENGTH ? '' : found.text;
  });
  for (const failure of failures) add(failure);
  return length;
}

const NO_REFERENCE = 'a "${" that begins no ${file:/path} or ${env:NAME}; a literal one is written "$${"';

async function lookUp(reference: string, { directory, environment }: InterpolationSurroundings): Promise<Replacement> {
  const [, scheme, name] = /^(file|env):(.+)$/s.exec(reference) ?? [];
  if (name === undefined) return { problem: NO_REFERENCE };
  if (scheme === 'env') {
    const text = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (text !== undefined) return { text };
    // A name in capitals is no secret; anything else may have been put there by mistake.
    return { problem: `the environment variable ${PLAIN_NAME.test(name) ? name : 'of ${env:…}'} is not set` };
  }
  const { text, problem } = await readRegularFile(resolve(directory, name), MAX_FILE_BYTES);
  return problem === undefined ? { text: text.replace(/\r?\n$/, '') } : { problem: `the file of \${file:…} cannot be used: ${problem}` };
}
