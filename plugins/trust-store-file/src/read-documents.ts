import { constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);
/** Bytes of one document. */
const MAX_SIZE = 8 * 1024 * 1024;

/** A file that was read, or could not be. */
export type FileText = { readonly path: string; readonly text: string } | { readonly path: string; readonly problem: string };

/**
 * Reads a file, or the documents of a directory in the order of their names; hidden files and other extensions are left out.
 * Never fails: what cannot be read at all is a problem of `path` itself.
 */
export async function readTexts(path: string): Promise<readonly FileText[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [await readText(path)];
    const names = (await readdir(path)).filter((name) => !name.startsWith('.') && EXTENSIONS.has(extname(name)));
    return await Promise.all(names.toSorted().map((name) => readText(join(path, name))));
  } catch (error) {
    return [{ path, problem: failure(error) }];
  }
}

async function readText(path: string): Promise<FileText> {
  try {
    // A pipe must not hold this up.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) return { path, problem: 'is not a file' };
      if (found.size > MAX_SIZE) return { path, problem: `is larger than ${MAX_SIZE / 1024 / 1024} MiB` };
      return { path, text: await file.readFile('utf8') };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { path, problem: failure(error) };
  }
}

function failure(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return `cannot be read${code === undefined ? '' : ` (${code})`}`;
}
