import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from '@jest/globals';

const LIST = new URL('../../.cache/interop/peers.json', import.meta.url);

const peers = existsSync(LIST) ? (JSON.parse(readFileSync(LIST, 'utf8')) as Readonly<Record<string, string>>) : {};

/** The absolute path of a peer that `test/interop/install.mjs` found; `undefined` where it could not be had. */
export function peer(name: string): string | undefined {
  return peers[name];
}

/**
 * `describe` where all these peers are there. Otherwise one skipped test says which is missing;
 * with `PARSEC_INTEROP=required` in the environment that test fails instead.
 */
export function describeWith(names: readonly string[], title: string, body: () => void): void {
  const missing = names.filter((name) => peer(name) === undefined);
  describe(`${title}`, () => {
    if (missing.length === 0) body();
    else registerMissing(missing);
  });
}

function registerMissing(missing: readonly string[]): void {
  const problem = `needs ${missing.join(', ')}, which could not be had`;
  const register = process.env['PARSEC_INTEROP'] === 'required' ? it : it.skip;
  register(problem, () => {
    throw new Error(problem);
  });
}
