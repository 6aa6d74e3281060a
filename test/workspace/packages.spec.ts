import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const folders = ['libs', 'plugins', 'apps'].flatMap((group) => readdirSync(`${ROOT}/${group}`).map((name) => `${group}/${name}`));

/** The packages of the workspace that the sources of a folder import. */
function importedBy(folder: string, isTest: boolean): string[] {
  const files = readdirSync(`${ROOT}/${folder}/src`, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const sources = files
    .filter((file) => /\.spec\.ts$|^testing\//.test(file) === isTest)
    .map((file) => readFileSync(`${ROOT}/${folder}/src/${file}`, 'utf8'));
  const names = sources.flatMap((source) => [...source.matchAll(/from '(@parsec\/[a-z0-9-]+)/g)].map(([, name = '']) => name));
  return [...new Set(names)].toSorted();
}

describe.each(folders)('%s', (folder) => {
  const manifest = JSON.parse(readFileSync(`${ROOT}/${folder}/package.json`, 'utf8')) as Manifest;
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter((name) => name.startsWith('@parsec/'));

  it('declares the packages of the workspace that it imports, and no others', () => {
    expect(declared.toSorted()).toEqual(importedBy(folder, false).filter((name) => name !== manifest.name));
  });

  it('is referenced by the build in the same way', () => {
    const { references = [] } = JSON.parse(readFileSync(`${ROOT}/${folder}/tsconfig.json`, 'utf8')) as { references?: { path: string }[] };
    const names = references.map(
      ({ path }) => (JSON.parse(readFileSync(`${ROOT}/${folder}/${path}/package.json`, 'utf8')) as Manifest).name,
    );
    expect(names.toSorted()).toEqual(declared.toSorted());
  });
});
