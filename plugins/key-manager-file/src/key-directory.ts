import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KEY_ID, type LocalKey } from '@parsec/plugin-sdk';
import { fileFailure, fileRefusal, systemCode } from './file-error.js';
import { EXTENSION, readKeyFile, refuseOthers } from './key-file.js';

const WRITABLE_BY_OTHERS = 0o022;
/** What a temporary file is called: hidden and without the extension, so that nobody takes for a key what a crash leaves of it. */
const TEMPORARY = /^\.(.+)\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/;
/** Writing a key takes seconds at most. Milliseconds. */
const SURELY_LEFT_OVER = 300_000;

/** The key files of one directory. Whatever is wrong with one of them is told, and none is ever replaced. */
export class KeyDirectory {
  private constructor(readonly path: string) {}

  /**
   * Makes the directory, mode 0700, where it is missing, and removes what crashes left in it more than five minutes ago.
   * @throws ParsecError `PARSEC_KEY_INVALID` where it cannot be used or somebody beside its owner may write to it
   */
  static async open(path: string): Promise<KeyDirectory> {
    try {
      const firstMade = await mkdir(path, { recursive: true, mode: 0o700 });
      if (firstMade !== undefined) await syncParents(path, firstMade);
      const found = await stat(path);
      if ((found.mode & WRITABLE_BY_OTHERS) !== 0) throw fileRefusal(path, 'may be written to by others than its owner');
    } catch (error) {
      throw fileFailure(path, 'opened as a key directory', error);
    }
    const directory = new KeyDirectory(path);
    await directory.#removeLeftovers();
    return directory;
  }

  /** The identifiers of the keys that are there now. */
  async ids(): Promise<string[]> {
    const names = await readdir(this.path).catch((error: unknown) => {
      throw fileFailure(this.path, 'read', error);
    });
    const files = names.filter((name) => name.endsWith(EXTENSION));
    const stranger = files.find((name) => !KEY_ID.test(name.slice(0, -EXTENSION.length)));
    if (stranger !== undefined) throw fileRefusal(join(this.path, stranger), 'is not named after a key identifier');
    return files.map((name) => name.slice(0, -EXTENSION.length));
  }

  /** @throws ParsecError `PARSEC_KEY_INVALID` where the file is not a key of this parsec, or not private */
  read(id: string): Promise<LocalKey> {
    return readKeyFile(this.#fileOf(id), id);
  }

  /**
   * Writes a key so that it is there whole or not at all, and survives a loss of power once this resolves.
   * @returns `false`, and changes nothing, where there is a file for this identifier: another process may just have made it
   */
  async write(key: LocalKey): Promise<boolean> {
    const { id } = key.managed;
    const file = this.#fileOf(id);
    const temporary = join(this.path, `.${id}.${randomUUID()}.tmp`);
    try {
      await writeDurably(temporary, key.toPem());
      try {
        // Unlike a rename, a link never replaces what is there.
        await link(temporary, file);
      } finally {
        await removeFile(temporary);
      }
      await sync(this.path);
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      throw fileFailure(file, 'written', error);
    }
  }

  /** Removes a key's file, and what a crash left of it, which may hold the key too. One that is gone already is none to remove. */
  async delete(id: string): Promise<void> {
    if (!KEY_ID.test(id)) return;
    const file = this.#fileOf(id);
    try {
      const leftovers = (await this.#temporaryFiles()).filter((leftover) => leftover.id === id);
      for (const path of [file, ...leftovers.map((leftover) => leftover.path)]) await removeFile(path);
      await sync(this.path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fileFailure(file, 'removed', error);
    }
  }

  /**
   * A process that shares the directory may be writing right now, and whether it lives cannot be told: it may run on another machine. Age tells.
   * Where that is wrong, as with clocks far apart, that process fails to make this one key and makes another: no key is told to be there before
   * it has its name.
   */
  async #removeLeftovers(): Promise<void> {
    try {
      for (const { path } of await this.#temporaryFiles()) {
        if (Date.now() - (await lstat(path)).mtimeMs > SURELY_LEFT_OVER) await removeFile(path);
      }
    } catch {
      // They are in nobody's way, and a directory that cannot be written to may still hold keys that sign.
    }
  }

  async #temporaryFiles(): Promise<{ readonly id: string; readonly path: string }[]> {
    const names = await readdir(this.path);
    return names.flatMap((name) => {
      const id = TEMPORARY.exec(name)?.[1] ?? '';
      return KEY_ID.test(id) ? [{ id, path: join(this.path, name) }] : [];
    });
  }

  #fileOf(id: string): string {
    return join(this.path, id + EXTENSION);
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    // Some file systems have their own idea of modes: find out before the secret is in the file.
    refuseOthers(path, await file.stat());
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await removeFile(path);
    throw error;
  } finally {
    await file.close();
  }
}

/** One that is gone already is none to remove. */
async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}

/** A new directory is durable once the one above it is. */
async function syncParents(path: string, firstMade: string): Promise<void> {
  for (let made = path; made.length >= firstMade.length; made = dirname(made)) await sync(dirname(made));
}

async function sync(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
