import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openInstance, type Instance } from '@parsec/kernel';
import { checkOptions, type PluginKind } from '@parsec/plugin-sdk';
import { FakeClock } from '../fake-clock.js';
import { RecordingLogger } from '../recording-logger.js';
import type { PluginFixture, PlainOptions } from './fixture.js';

/** Where the instances of one check live. */
export interface Place {
  readonly directory: string;
  readonly clock: FakeClock;
  readonly logger: RecordingLogger;
}

/** Runs one check in a place of its own, prepared by the fixture and cleared away afterwards. */
export async function inPlace<Kind extends PluginKind>(fixture: PluginFixture<Kind>, run: (place: Place) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'parsec-contract-'));
  try {
    await fixture.prepare?.(directory);
    await run({ directory, clock: new FakeClock(), logger: new RecordingLogger() });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Opens an instance of the plugin as parsec does. Whoever opens it closes it. */
export async function openIn<Kind extends PluginKind>(
  { directory, clock, logger }: Place,
  { plugin, options }: PluginFixture<Kind>,
  plain: PlainOptions = options,
): Promise<Instance<Kind>> {
  return openInstance<Kind>(plugin, 'contract', checkOptions(plugin.options, plain), { directory, clock, logger: () => logger });
}

/** Runs `run` with an open instance in a place of its own. */
export async function withInstance<Kind extends PluginKind>(
  fixture: PluginFixture<Kind>,
  run: (instance: Instance<Kind>, place: Place) => Promise<void>,
): Promise<void> {
  await inPlace(fixture, async (place) => {
    const instance = await openIn(place, fixture);
    try {
      await run(instance, place);
    } finally {
      await instance.close();
    }
  });
}
