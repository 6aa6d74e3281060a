// Redis and SoftHSM: those of the machine, else Debian's packages unpacked into the cache. Nothing is installed into the system.
import { execFile } from 'node:child_process';
import { access, chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where distributions put SoftHSM's module. */
const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

export const peers = ['redis-server', 'softhsm2', 'softhsm2-util', 'softhsm2-conf'];

export async function install(cache, log) {
  const machine = {
    redis: await onPath('redis-server'),
    util: await onPath('softhsm2-util'),
    module: await firstThatExists(MODULES),
  };
  const packages = [
    ...(machine.redis === undefined ? ['redis-server'] : []),
    ...(machine.util === undefined || machine.module === undefined ? ['softhsm2'] : []),
  ];
  const root = packages.length === 0 ? '' : await unpacked(packages, join(cache, 'debian'), log);
  const module = machine.module ?? join(root, 'usr/lib/softhsm/libsofthsm2.so');
  return {
    'redis-server': machine.redis ?? (await wrap(root, 'redis-server', '')),
    softhsm2: module,
    'softhsm2-util': machine.util ?? (await wrap(root, 'softhsm2-util', `--module '${module}'`)),
    'softhsm2-conf': await configureSoftHsm(join(cache, 'softhsm2')),
  };
}

/** Each run begins without tokens. */
async function configureSoftHsm(directory) {
  const tokens = join(directory, 'tokens');
  const file = join(directory, 'softhsm2.conf');
  await rm(directory, { recursive: true, force: true });
  await mkdir(tokens, { recursive: true, mode: 0o700 });
  await writeFile(file, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  return file;
}

/** @returns the directory that holds the content of the packages and of what they need */
async function unpacked(packages, directory, log) {
  const root = join(directory, packages.join('+'));
  if (await exists(root)) return root;
  const unfinished = join(directory, 'unfinished');
  await rm(directory, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  for (const archive of await download(packages, join(directory, 'apt'), log)) await run('dpkg-deb', ['-x', archive, unfinished]);
  await rename(unfinished, root);
  return root;
}

/** Downloads the packages with whatever they need that this machine lacks. @returns the archives */
async function download(packages, directory, log) {
  if ((await onPath('apt-get')) === undefined) throw new Error('they are not on this machine, and it has no apt-get to download them with');
  const [archives, lists] = [join(directory, 'archives'), join(directory, 'lists')];
  await mkdir(join(archives, 'partial'), { recursive: true });
  await mkdir(join(lists, 'partial'), { recursive: true });
  // Without locks and with a cache of its own it needs no root. Root gives up its rights for downloads otherwise, and could not write here then.
  const options = [`Dir::Cache=${directory}`, 'Debug::NoLocking=1', ...(process.getuid() === 0 ? ['APT::Sandbox::User=root'] : [])];
  const apt = (more, ...command) =>
    run('apt-get', [...[...options, ...more].flatMap((option) => ['-o', option]), ...command], {
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 300_000,
    });
  const get = (...more) => apt(more, 'install', '--yes', '--download-only', '--no-install-recommends', ...packages);
  log(`downloading ${packages.join(' and ')} from Debian`);
  try {
    await get().catch(async () => {
      // The machine's package lists are missing or old; its own stay as they are.
      await apt([`Dir::State::lists=${lists}`], 'update');
      await get(`Dir::State::lists=${lists}`);
    });
  } catch (error) {
    const reason = /^E: .*$/m.exec(error.stderr ?? '')?.[0] ?? error.message;
    throw new Error(`apt-get could not download ${packages.join(' and ')} (${reason})`, { cause: error });
  }
  return (await readdir(archives)).filter((name) => name.endsWith('.deb')).map((name) => join(archives, name));
}

/** A script that starts a program of `root` with the libraries of `root`. */
async function wrap(root, name, options) {
  const libraries = [];
  for (const parent of ['lib', 'usr/lib']) {
    const names = await readdir(join(root, parent)).catch(() => []);
    libraries.push(...names.filter((entry) => entry.endsWith('-linux-gnu')).map((entry) => join(root, parent, entry)));
  }
  const script = join(root, `run-${name}`);
  await writeFile(script, `#!/bin/sh\nLD_LIBRARY_PATH='${libraries.join(':')}' exec '${join(root, 'usr/bin', name)}' ${options} "$@"\n`);
  await chmod(script, 0o755);
  return script;
}

async function onPath(name) {
  return firstThatExists((process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name)));
}

async function firstThatExists(paths) {
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}

async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
