// A SPIRE key manager plugin on SPIRE's own Go SDK, built here.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SOURCES = fileURLToPath(new URL('../spire-plugin', import.meta.url));
const FILES = ['go.mod', 'go.sum', 'main.go'];

export const peers = ['spire-key-manager'];

export async function install(cache, log) {
  const hash = createHash('sha256');
  for (const file of FILES) hash.update(await readFile(join(SOURCES, file)));
  const root = join(cache, 'spire-plugin');
  // Named after its sources, so that a change of them makes another one.
  const program = join(root, hash.digest('hex').slice(0, 16), 'spire-key-manager');
  if (!existsSync(program)) {
    log('building the SPIRE key manager plugin');
    await rm(root, { recursive: true, force: true });
    await build(join(root, 'unfinished', 'spire-key-manager'));
    await rename(join(root, 'unfinished'), join(program, '..'));
  }
  return { 'spire-key-manager': program };
}

async function build(program) {
  const directory = join(program, '..');
  await mkdir(directory, { recursive: true });
  // parsec starts no program that others could exchange, which a lax umask would let them.
  await chmod(directory, 0o755);
  try {
    const environment = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' };
    await promisify(execFile)('go', ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-o', program, '.'], {
      cwd: SOURCES,
      env: environment,
    });
  } catch (error) {
    throw new Error(`Go is missing or did not build the plugin (${error.message.split('\n').slice(0, 2).join(' ')})`, { cause: error });
  }
  await chmod(program, 0o755);
}
