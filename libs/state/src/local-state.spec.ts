import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalState, type SharedDocuments } from './index.js';

let root: string;
let directory: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parsec-state-'));
  directory = join(root, 'var/state');
});

afterEach(() => rm(root, { recursive: true, force: true }));

const open = (): SharedDocuments => new LocalState(directory).documents('main');
const add = (documents: SharedDocuments, name: string, value: string) => documents.replace(name, { expected: undefined, value });
const values = async (documents: SharedDocuments) => {
  const view = await documents.sync(null);
  return Object.fromEntries([...view.documents].map(([name, { value }]) => [name, value]));
};

describe('local state', () => {
  it('outlives its process, in files that nobody else may read', async () => {
    await add(open(), 'ring', 'first');
    expect(await values(open())).toEqual({ ring: 'first' });
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, 'main.json'))).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['main.json']);
  });

  it('replaces a document that is as it was read, and no other', async () => {
    const documents = open();
    const first = await add(documents, 'ring', 'first');
    expect(await add(documents, 'ring', 'again')).toBeUndefined();
    const second = await documents.replace('ring', { expected: first, value: 'second' });
    expect(await documents.replace('ring', { expected: first, value: 'third' })).toBeUndefined();
    expect(second).toMatchObject({ value: 'second' });
    expect(await values(open())).toEqual({ ring: 'second' });
  });

  it('is not replaced where another process changed it meanwhile', async () => {
    const [one, other] = [open(), open()];
    await one.sync(null);
    await other.sync(null);
    await add(one, 'ring', 'of one');
    expect(await add(other, 'ring', 'of the other')).toBeUndefined();
    expect(await values(other)).toEqual({ ring: 'of one' });
  });

  it('removes what a crash left of an attempt to write, and nothing else', async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const name of ['.main.1.tmp', '.main.99999.tmp', '.other.1.tmp', '.main.tmp']) await writeFile(join(directory, name), '{');
    await add(open(), 'ring', 'first');
    expect((await readdir(directory)).toSorted()).toEqual(['.main.tmp', '.other.1.tmp', 'main.json']);
  });

  it('is begun by the first only', async () => {
    const documents = open();
    expect(await documents.replace('one', { expected: undefined, value: 1, onlyFirst: true })).toBeDefined();
    expect(await documents.replace('other', { expected: undefined, value: 2, onlyFirst: true })).toBeUndefined();
  });

  it('writes what lasts, and nothing where nothing does', async () => {
    const documents = new LocalState(directory).documents('main', (value) => (value === 'passing' ? undefined : value));
    const passing = await add(documents, 'ring', 'passing');
    expect(await values(documents)).toEqual({ ring: 'passing' });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
    await documents.replace('ring', { expected: passing, value: 'lasting' });
    expect(await values(open())).toEqual({ ring: 'lasting' });
  });

  it.each(['', '{"ring":', '[]'])('that is damaged (%j) is told, and left as it is', async (text) => {
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'main.json');
    await writeFile(file, text);
    await expect(open().sync(null)).rejects.toMatchObject({ code: 'PARSEC_STATE_INVALID', message: expect.stringContaining(file) });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it.each([
    ['a file that others may write', (file) => chmod(file, 0o622)],
    ['a directory that others may write', () => chmod(directory, 0o777)],
    ['a symbolic link', async (file) => (await rename(file, `${root}/elsewhere`), symlink(`${root}/elsewhere`, file))],
    ['a pipe', async (file) => (await rm(file), promisify(execFile)('mkfifo', [file]))],
    // Only root can give a file away.
    ...(process.getuid?.() === 0 ? [['a file of another user', (file: string) => chown(file, 65_534, 65_534)] as const] : []),
  ] as [string, (file: string) => Promise<unknown>][])('is not believed where it comes from %s', async (_what, prepare) => {
    await add(open(), 'ring', 'first');
    await prepare(join(directory, 'main.json'));
    await expect(open().sync(null)).rejects.toMatchObject({ code: 'PARSEC_STATE_INVALID' });
  });

  it('that cannot be written is told, and what was there stays', async () => {
    const documents = open();
    const first = await add(documents, 'ring', 'first');
    // Root may write wherever there is a directory.
    await rm(directory, { recursive: true });
    await writeFile(directory, '');
    await expect(documents.replace('ring', { expected: first, value: 'second' })).rejects.toThrow(directory);
    await rm(directory);
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o700);
    expect(await documents.replace('ring', { expected: first, value: 'second' })).toBeUndefined();
    expect(await values(documents)).toEqual({});
  });
});
