import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Faults, StubConfiguration } from './stub-plugin.js';

/** The built program: a plugin is a process of its own, which runs no TypeScript. */
const STUB = fileURLToPath(new URL('../../dist/testing/stub-plugin.js', import.meta.url));

/** What a test may read of it, and never anybody else. */
export const STUB_SECRET = 'correct-horse-battery-staple';

/** A stub plugin as an executable file, which {@link remove} takes away. */
export class Stub {
  readonly #directory = mkdtempSync(join(tmpdir(), 'parsec-stub-'));
  readonly command = join(this.#directory, 'stub-plugin.mjs');
  readonly checksum: string;

  constructor() {
    const script = `#!${process.execPath}\nimport ${JSON.stringify(STUB)};\n`;
    writeFileSync(this.command, script);
    chmodSync(this.command, 0o755);
    this.checksum = createHash('sha256').update(script).digest('hex');
  }

  /** Options to open with; files stand in the directory of the configuration file. */
  options(configuration: StubConfiguration = {}): Record<string, unknown> {
    const plugin = { keys: 'stub-keys.json', faults: 'stub-faults.json', secret: STUB_SECRET, ...configuration };
    return {
      command: this.command,
      checksum: this.checksum,
      trust_domain: 'example.org',
      plugin_configuration: JSON.stringify(plugin),
      environment: { STUB_TOKEN: STUB_SECRET },
    };
  }

  remove(): Promise<void> {
    return rm(this.#directory, { recursive: true });
  }
}

/** Has the stub that runs in `directory` do these from its next call on. */
export function setFaults(directory: string, faults: Faults): Promise<void> {
  return writeFile(join(directory, 'stub-faults.json'), JSON.stringify(faults));
}
