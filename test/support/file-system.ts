import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from '@jest/globals';

const FILLER = 'filler';

const mounted = new Set<string>();
// A mount outlives the process that made it.
afterAll(unmountAll);

/** Takes every small file system away, with what is in it. */
export function unmountAll(): void {
  for (const directory of mounted) mount('umount', ['--lazy', directory]);
  mounted.clear();
}

/** A small file system of its own, in memory, that can be made full and read-only. */
export class SmallFileSystem {
  private constructor(readonly directory: string) {}

  /** @param directory empty */
  static mount(directory: string): SmallFileSystem {
    const problem = mount('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', directory]);
    if (problem !== undefined) throw new Error(problem);
    mounted.add(directory);
    return new SmallFileSystem(directory);
  }

  /** Leaves room for nothing. */
  async fill(): Promise<void> {
    const { bavail, bsize } = await statfs(this.directory);
    const file = await open(join(this.directory, FILLER), 'w', 0o600);
    try {
      await file.writeFile(Buffer.alloc(bavail * bsize));
    } finally {
      await file.close();
    }
  }

  empty(): Promise<void> {
    return rm(join(this.directory, FILLER));
  }

  /** @param mode `ro` or `rw` */
  remount(mode: 'ro' | 'rw'): void {
    const problem = mount('mount', ['-o', `remount,${mode}`, this.directory]);
    if (problem !== undefined) throw new Error(problem);
  }
}

/** `describe` where file systems can be mounted, which takes root. Otherwise one skipped test says so. */
export function describeWithMounts(title: string, body: () => void): void {
  describe(`${title}`, () => {
    if (canMount()) body();
    else registerMissing();
  });
}

function registerMissing(): void {
  const problem = 'needs the right to mount a file system';
  const register = it.skip;
  register(problem, () => {
    throw new Error(problem);
  });
}

function canMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'parsec-mount-'));
  try {
    return (
      mount('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]) === undefined && mount('umount', [directory]) === undefined
    );
  } finally {
    rmdirSync(directory);
  }
}

/** @returns what went wrong, if anything */
function mount(program: 'mount' | 'umount', args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `${program}: ${error?.message ?? stderr}`;
}
