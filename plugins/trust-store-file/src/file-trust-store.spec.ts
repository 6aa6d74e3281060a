import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@parsec/plugin-sdk';
import { RecordingLogger } from '@parsec/plugin-testing';
import { FileTrustStore } from './file-trust-store.js';

let directory: string;
let logger: RecordingLogger;
let closing: AbortController;
let changes: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parsec-trust-'));
  [logger, closing, changes] = [new RecordingLogger(), new AbortController(), 0];
});

afterEach(async () => {
  closing.abort();
  await rm(directory, { recursive: true });
});

const issuer = (name: string, changed: object = {}): object => ({
  issuer: `https://${name}.example`,
  jwks_uri: `https://${name}.example/jwks`,
  accept_as: ['requester'],
  namespace: name,
  ...changed,
});
const document = (...names: readonly string[]): string =>
  JSON.stringify({ issuers: Object.fromEntries(names.map((name) => [name, issuer(name)])) });

const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);

async function open(path: string): Promise<FileTrustStore> {
  const instance = { kind: 'trust_store' as const, name: 'store', directory, signal: closing.signal };
  const store = new FileTrustStore({ path }, instance, systemClock, logger);
  await store.onModuleInit();
  store.onChange(() => void (changes += 1));
  return store;
}

const names = (store: FileTrustStore): readonly string[] => store.trustedIssuers().map(({ name }) => name);
const problems = (): readonly unknown[] => logger.lines.filter(({ level }) => level === 'error').map(({ facts }) => facts['problem']);

/** Lets watching do its work. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a document of trusted issuers', () => {
  it('takes effect when it changes, however it is written', async () => {
    await write('issuers.json', document('one'));
    const store = await open('issuers.json');
    expect(names(store)).toEqual(['one']);
    await write('issuers.json', document('one', 'two'));
    await until(() => names(store).length === 2);
    await write('new', document('three'));
    await rename(join(directory, 'new'), join(directory, 'issuers.json'));
    await until(() => names(store).includes('three'));
    expect(names(store)).toEqual(['three']);
    expect(changes).toBe(2);
  });

  it('takes effect when a symbolic link beside it is swapped, as Kubernetes does, time after time', async () => {
    const publish = async (version: string, text: string): Promise<void> => {
      await mkdir(join(directory, version));
      await write(join(version, 'issuers.yaml'), text);
      await symlink(version, join(directory, '..new'));
      await rename(join(directory, '..new'), join(directory, '..data'));
    };
    await publish('..1', document('v1'));
    await symlink('..data/issuers.yaml', join(directory, 'issuers.yaml'));
    const store = await open('issuers.yaml');
    for (const version of ['v2', 'v3', 'v4']) {
      await publish(`..${version}`, document(version));
      await until(() => names(store).includes(version));
    }
    expect(problems()).toEqual([]);
  });

  it.each([
    ['is not YAML', 'issuers:\n  one: {\n', /issuers.yaml is not YAML: [A-Z_]+ at line \d+, column \d+$/],
    ['has a key twice', 'issuers: {}\nissuers: {}\n', /DUPLICATE_KEY at line 2/],
    ['has aliases', 'a: &a {}\nissuers: *a\n', /has aliases/],
    ['is a list', '[]', /is not an object with the key issuers/],
    ['has an unknown key', JSON.stringify({ issuers: { one: issuer('one', { jwks_url: 'x' }) } }), /issuers\.one\.jwks_url: /],
    ['has no issuer', 'issuers: {}', /issuers: expected trusted issuers by their names/],
    [
      'has a symmetric key',
      JSON.stringify({ issuers: { one: issuer('one', { jwks_uri: undefined, jwks: { keys: [{ kty: 'oct', k: 'AA' }] } }) } }),
      /jwks: /,
    ],
    ['is far too deep', '['.repeat(100_000), /is not YAML/],
    ['is too large', ' '.repeat(8 * 1024 * 1024 + 1), /is larger than 8 MiB/],
  ])('that %s is refused, and what it said before stays', async (_name, broken, problem) => {
    await write('issuers.yaml', document('one'));
    const store = await open('issuers.yaml');
    await write('issuers.yaml', broken);
    await until(() => problems().length > 0);
    expect(problems()).toEqual([expect.stringMatching(problem)]);
    expect(names(store)).toEqual(['one']);
    expect(store.health()).toEqual({ status: 'up', detail: expect.stringMatching(problem) });
    await write('issuers.yaml', document('two'));
    await until(() => names(store).includes('two'));
    expect(store.health()).toEqual({ status: 'up' });
    expect(logger.lines.at(-1)?.message).toContain('read again');
  });

  it('that is gone stays known', async () => {
    await write('issuers.yaml', document('one'));
    const store = await open('issuers.yaml');
    await rm(join(directory, 'issuers.yaml'));
    await until(() => problems().length > 0);
    expect(names(store)).toEqual(['one']);
    expect(problems()).toEqual([expect.stringMatching(/issuers.yaml cannot be read \(ENOENT\)$/)]);
  });

  it('keeps parsec from starting where it is broken from the start', async () => {
    await write('issuers.yaml', 'issuers: 1');
    await expect(open('issuers.yaml')).rejects.toMatchObject({ code: 'PARSEC_CONFIGURATION_INVALID' });
    await expect(open('missing.yaml')).rejects.toMatchObject({ code: 'PARSEC_CONFIGURATION_INVALID' });
  });
});

describe('a directory of documents', () => {
  it('has an issuer for as long as its document is there', async () => {
    await mkdir(join(directory, 'issuers'));
    const store = await open('issuers');
    expect(names(store)).toEqual([]);
    await write('issuers/b.yaml', document('b1', 'b2'));
    await until(() => names(store).length === 2);
    await write('issuers/a.json', document('a'));
    await until(() => names(store).length === 3);
    expect(names(store)).toEqual(['a', 'b1', 'b2']);
    await write('issuers/.hidden.yaml', document('hidden'));
    await write('issuers/readme.txt', document('text'));
    await rm(join(directory, 'issuers/b.yaml'));
    await until(() => names(store).length === 1);
    expect(names(store)).toEqual(['a']);
  });

  it('has one broken document and others that change', async () => {
    await write('a.json', document('a'));
    await write('b.json', document('b'));
    const store = await open('.');
    await write('b.json', '{');
    await until(() => problems().length > 0);
    await write('a.json', document('a', 'c'));
    await until(() => names(store).includes('c'));
    expect(names(store)).toEqual(['a', 'c', 'b']);
  });

  it('stays as it was while one issuer stands in two documents', async () => {
    await write('a.json', document('a'));
    const store = await open('.');
    await write('b.json', document('b', 'a'));
    await until(() => problems().length > 0);
    expect(problems()).toEqual([expect.stringMatching(/b\.json has an issuer of the name "a", and so has .*a\.json$/)]);
    expect(names(store)).toEqual(['a']);
    await write('a.json', document('c'));
    await until(() => names(store).length === 3);
  });

  it('is not empty because it is gone', async () => {
    await mkdir(join(directory, 'issuers'));
    await write('issuers/a.json', document('a'));
    const store = await open('issuers');
    await rm(join(directory, 'issuers'), { recursive: true });
    await until(() => problems().length > 0);
    // Between the file and the directory a look may have found the directory empty.
    expect([[], ['a']]).toContainEqual(names(store));
    await mkdir(join(directory, 'issuers'));
    await write('issuers/a.json', document('again'));
    await until(() => names(store).includes('again'));
  });
});
