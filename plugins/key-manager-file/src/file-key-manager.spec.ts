import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallContext } from '@parsec/plugin-sdk';
import { FileKeyManager } from './file-key-manager.js';

const context: CallContext = { signal: new AbortController().signal };
const ID = 'main.0192f0c0-0000-7000-8000-000000000000';
const OTHER_ID = 'main.0192f0c0-0000-7000-8000-000000000001';

let root: string;
let directory: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parsec-keys-'));
  directory = join(root, 'keys');
});

afterEach(() => rm(root, { recursive: true }));

async function open(): Promise<FileKeyManager> {
  const instance = { kind: 'key_manager', name: 'local', directory: root, signal: context.signal } as const;
  const manager = new FileKeyManager({ directory: 'keys' }, instance);
  await manager.onModuleInit();
  return manager;
}

async function keyFile(content: string, { id = ID, mode = 0o600 } = {}): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${id}.pem`);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

const pem = ({ privateKey }: ReturnType<typeof generateKeyPairSync>): string =>
  privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
const goodPem = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }));

/** The public point of a P-256 key is the end of its PKCS#8 form; with another key's point the file still parses. */
function pemOfTwoKeys(): string {
  const [first, second] = [1, 2].map(() =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'der', type: 'pkcs8' }),
  ) as [Buffer, Buffer];
  const mixed = Buffer.concat([first.subarray(0, -64), second.subarray(-64)]);
  return `-----BEGIN PRIVATE KEY-----\n${mixed.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}

describe('the key directory', () => {
  it('is made with mode 0700', async () => {
    await open();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it.each(['770', '702'])('is refused where others may write to it, as with mode %s', async (mode) => {
    await mkdir(directory);
    await chmod(directory, Number.parseInt(mode, 8));
    await expect(open()).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID', message: expect.stringContaining(directory) });
  });

  it('is refused where it is a file', async () => {
    await writeFile(directory, '');
    await expect(open()).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
  });
});

describe('a new key', () => {
  it('is a PKCS#8 file of mode 0600, and no temporary file is left', async () => {
    await (await open()).generateKey(ID, 'Ed25519', context);
    expect(await readdir(directory)).toEqual([`${ID}.pem`]);
    expect((await stat(join(directory, `${ID}.pem`))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, `${ID}.pem`), 'latin1')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it('never takes the place of one that another process made meanwhile', async () => {
    const [ours, theirs] = [await open(), await open()];
    await theirs.generateKey(ID, 'EC_P256', context);
    const before = await readFile(join(directory, `${ID}.pem`));
    await expect(ours.generateKey(ID, 'EC_P256', context)).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
    expect(await readFile(join(directory, `${ID}.pem`))).toEqual(before);
    expect(await readdir(directory)).toEqual([`${ID}.pem`]);
  });

  it('is made by exactly one of many that try for the same identifier at once', async () => {
    const managers = await Promise.all(Array.from({ length: 8 }, open));
    const outcomes = await Promise.allSettled(managers.map((manager) => manager.generateKey(ID, 'EC_P256', context)));
    const made = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(made).toHaveLength(1);
    expect(await (await open()).keys(context)).toEqual([made[0]?.value]);
  });

  it('is seen by another instance of the same directory', async () => {
    const [ours, theirs] = [await open(), await open()];
    const key = await theirs.generateKey(ID, 'EC_P256', context);
    expect(await ours.keys(context)).toEqual([key]);
    await expect(ours.sign(ID, 'ES256', Buffer.from('data'), context)).resolves.toHaveLength(64);
  });

  it('is refused under an identifier that would leave the directory', async () => {
    const manager = await open();
    await expect(manager.generateKey('../main.1', 'EC_P256', context)).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
    expect(await readdir(root)).toEqual(['keys']);
  });

  it('cannot be made once the directory is gone, while keys at hand go on signing', async () => {
    const manager = await open();
    await manager.generateKey(ID, 'EC_P256', context);
    await rm(directory, { recursive: true });
    await expect(manager.generateKey(OTHER_ID, 'EC_P256', context)).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
    await expect(manager.sign(ID, 'ES256', Buffer.from('data'), context)).resolves.toHaveLength(64);
  });
});

describe('what a crash left of a key', () => {
  const leave = async (name: string, minutesAgo = 0): Promise<string> => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const time = new Date(Date.now() - minutesAgo * 60_000);
    await writeFile(join(directory, name), goodPem, { mode: 0o600 });
    await utimes(join(directory, name), time, time);
    return name;
  };
  const temporary = (id: string): string => `.${id}.${randomUUID()}.tmp`;

  it('is removed at the next start, unless another process may be writing it', async () => {
    await leave(temporary(ID), 6);
    const recent = await leave(temporary(OTHER_ID), 1);
    await open();
    expect(await readdir(directory)).toEqual([recent]);
  });

  it('is removed with the key at the latest, and that of other keys is left alone', async () => {
    const manager = await open();
    await manager.generateKey(ID, 'EC_P256', context);
    await leave(temporary(ID));
    await leave(temporary(ID));
    const other = await leave(temporary(OTHER_ID));
    await manager.deleteKey(ID, context);
    expect(await readdir(directory)).toEqual([other]);
  });

  it('is removed also where the key never came to be', async () => {
    const manager = await open();
    await leave(temporary(ID));
    await manager.deleteKey(ID, context);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is told from the files of others', async () => {
    const names = ['.main.1.tmp', `.Main.${randomUUID()}.tmp`, `main.1.${randomUUID()}.tmp`, `.main.1.${randomUUID()}.tmp~`];
    for (const name of names) await leave(name, 60);
    await open();
    expect((await readdir(directory)).toSorted()).toEqual(names.toSorted());
  });

  it('that cannot be removed stops nothing', async () => {
    const name = temporary(ID);
    await mkdir(join(directory, name), { recursive: true, mode: 0o700 });
    await utimes(join(directory, name), 0, 0);
    await (await open()).generateKey(ID, 'EC_P256', context);
    expect((await readdir(directory)).toSorted()).toEqual([name, `${ID}.pem`].toSorted());
  });
});

describe('a key file', () => {
  it('is ignored where it is the leftover of a crash', async () => {
    await (await open()).generateKey(ID, 'EC_P256', context);
    await writeFile(join(directory, `.${OTHER_ID}.0000.tmp`), '-----BEGIN PRIV');
    expect(await (await open()).keys(context)).toHaveLength(1);
  });

  it.each([
    ['readable by others', goodPem, { mode: 0o604 }],
    ['readable by the group', goodPem, { mode: 0o640 }],
    ['cut short', goodPem.slice(0, 100), {}],
    ['empty', '', {}],
    ['followed by something', `${goodPem}more`, {}],
    ['huge', goodPem + '\n'.repeat(20_000), {}],
    ['of two halves that do not belong together', pemOfTwoKeys(), {}],
    ['of a curve that parsec does not use', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })), {}],
    ['of a short RSA key', pem(generateKeyPairSync('rsa', { modulusLength: 1024 })), {}],
    ['of an RSA key with another exponent', pem(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })), {}],
    ['of a key that does not sign', pem(generateKeyPairSync('x25519')), {}],
    ['not named after a key identifier', goodPem, { id: 'Main' }],
  ])('that is %s stops the start, is named without its content, and stays as it is', async (_what, content, details) => {
    const path = await keyFile(content, details);
    const error: unknown = await open().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PARSEC_KEY_INVALID', message: expect.stringContaining(path) });
    const shown = content.split('\n').filter((line) => line !== '' && (error as Error).stack?.includes(line));
    expect(shown).toEqual([]);
    expect(await readFile(path, 'latin1')).toBe(content);
  });

  it('that is a symbolic link stops the start', async () => {
    const target = join(root, 'elsewhere.pem');
    await writeFile(target, goodPem, { mode: 0o600 });
    await mkdir(directory, { mode: 0o700 });
    await symlink(target, join(directory, `${ID}.pem`));
    await expect(open()).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID', message: expect.stringContaining('symbolic link') });
  });

  it('that is a directory stops the start', async () => {
    await mkdir(join(directory, `${ID}.pem`), { recursive: true, mode: 0o700 });
    await expect(open()).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
  });
});
