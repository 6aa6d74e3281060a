// A PKCS#11 module that puts itself before SoftHSM and fails on demand, compiled here.
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const peers = ['pkcs11-faults', 'pkcs11-faults-directory'];

export async function install(cache) {
  const source = fileURLToPath(new URL('../support/pkcs11-faults.c', import.meta.url));
  const module = join(cache, 'pkcs11-faults.so');
  const directory = join(cache, 'pkcs11-faults');
  const headers = join(packageDirectory('pkcs11js'), 'includes/pkcs11');
  try {
    await promisify(execFile)('cc', ['-shared', '-fPIC', '-O1', '-o', module, '-I', headers, source, '-ldl']);
  } catch (error) {
    throw new Error(`the C compiler "cc" is missing or failed (${error.message.split('\n')[0]})`, { cause: error });
  }
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory);
  return { 'pkcs11-faults': module, 'pkcs11-faults-directory': directory };
}

/** The package has the headers of PKCS#11. */
function packageDirectory(name) {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch (error) {
    throw new Error(`the package ${name} is not installed: npm could not build it`, { cause: error });
  }
}
