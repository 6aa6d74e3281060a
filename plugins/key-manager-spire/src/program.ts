import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ParsecError } from '@parsec/plugin-sdk';
import { refusal } from './refusal.js';

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Finds the program and checks that it is the one that was meant, just before it is started.
 * @param checksum hex SHA-256, or `undefined` for any
 * @returns its path without symbolic links, which is the one to start
 * @throws ParsecError `PARSEC_KEY_INVALID` where it cannot be read or run, is another one, or others could exchange it after the check
 */
export async function checkProgram(command: string, checksum: string | undefined): Promise<string> {
  try {
    const path = await realpath(command);
    const directory = await stat(dirname(path));
    if ((directory.mode & WRITABLE_BY_OTHERS) !== 0 && (directory.mode & STICKY) === 0) {
      throw refusal(`the directory of ${command} may be written to by others than its owner`);
    }
    const found = await hashOf(path, command);
    if (checksum !== undefined && found !== checksum.toLowerCase()) throw refusal(`${command} has another SHA-256 than "checksum" says`);
    await access(path, constants.X_OK);
    return path;
  } catch (error) {
    if (error instanceof ParsecError) throw error;
    throw refusal(`${command} could not be read and run (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

async function hashOf(path: string, command: string): Promise<string> {
  // O_NONBLOCK: a pipe of that name must not hold up the start.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw refusal(`${command} is not a file`);
    if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) throw refusal(`${command} may be written to by others than its owner`);
    const hash = createHash('sha256');
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}
