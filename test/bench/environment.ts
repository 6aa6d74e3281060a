import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, platform } from 'node:os';

const PACKAGES = ['@nestjs/core', '@bufbuild/cel', 'autocannon', 'express', 'jose', 'oidc-provider'];

/** What the figures of a run depend on besides the code. */
export async function describeEnvironment() {
  const lock = JSON.parse(await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  return {
    date: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model.trim(), cores: availableParallelism(), platform: `${platform()} ${arch()}` },
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(PACKAGES.map((name) => [name, lock.packages[`node_modules/${name}`]?.version])),
    },
  };
}
