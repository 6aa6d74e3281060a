// moto (Apache-2.0): the KMS API in Python, in a virtual environment of its own.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const VERSION = '5.2.5';

export const peers = ['moto_server'];

/** @param {string} cache @param {(line: string) => void} log */
export async function install(cache, log) {
  const directory = join(cache, `moto-${VERSION}`);
  const server = join(directory, 'bin', 'moto_server');
  if (!existsSync(server)) {
    log(`installing moto ${VERSION}, which takes a minute`);
    rmSync(directory, { recursive: true, force: true });
    run('Python 3 with venv is missing', 'python3', ['-m', 'venv', directory]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `moto[kms,server]==${VERSION}`];
    run('the packages could not be fetched', join(directory, 'bin', 'python'), pip);
  }
  return { moto_server: server };
}

function run(problem, program, args) {
  try {
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const lines = String(error.stderr ?? '')
      .trim()
      .split('\n');
    throw new Error(`${problem} (${lines.at(-1) || error.message})`, { cause: error });
  }
}
