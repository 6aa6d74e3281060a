import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** The text of a file, or why there is none, in words that hold neither path nor content. */
export type FileText = { readonly text: string; readonly problem?: undefined } | { readonly text?: undefined; readonly problem: string };

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'parsec may not read it',
  EPERM: 'parsec may not read it',
  ELOOP: 'its symbolic links go in a circle',
};

/**
 * Reads a regular file (or a link to one) that holds UTF-8 of at most `maxBytes`. Never throws.
 * A pipe or device is refused rather than waited for.
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<FileText> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return await readText(file, maxBytes);
  } catch (error) {
    const { code } = error as { code?: string };
    return { problem: REASONS[code ?? ''] ?? 'it cannot be read' };
  } finally {
    await file?.close();
  }
}

async function readText(file: FileHandle, maxBytes: number): Promise<FileText> {
  if (!(await file.stat()).isFile()) return { problem: 'it is not a regular file' };
  // One byte more than allowed tells a file that is too large, also while it grows.
  const buffer = Buffer.alloc(maxBytes + 1);
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.length; length += read) {
    ({ bytesRead: read } = await file.read(buffer, length, buffer.length - length, null));
  }
  return length > maxBytes ? { problem: `it is larger than ${maxBytes / 1024} KiB` } : decode(buffer.subarray(0, length));
}

function decode(bytes: Uint8Array): FileText {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { problem: 'it is not UTF-8 text' };
  }
}
