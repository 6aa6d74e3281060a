import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { becomesReady, loopbackUrl, quickstartFlags, spawnParsec } from '@parsec/quickstart';

/** A server under load, in a process of its own. */
export interface Target {
  readonly url: string;
  stop(): Promise<void>;
}

/** Where the benchmark's parsec listens. */
export interface ParsecPlaces {
  readonly port: number;
  readonly managementPort: number;
  readonly identityProviderUrl: string;
}

/** Starts the built parsec with the quickstart's configuration and a key in a file. Its log is written, and thrown away. */
export async function startParsec(places: ParsecPlaces): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), 'parsec-bench-'));
  const parsec = spawnParsec(['serve', ...quickstartFlags({ ...places, directory })], ['ignore', 'ignore', 'inherit']);
  const stop = async (): Promise<void> => {
    await parsec.stop();
    await rm(directory, { recursive: true });
  };
  if (await becomesReady(parsec, loopbackUrl(places.managementPort))) return { url: loopbackUrl(places.port), stop };
  await stop();
  throw new Error('parsec did not start');
}

/** Starts the bare node:http server. */
export async function startBareServer(identityProviderUrl: string): Promise<Target> {
  const child = fork(fileURLToPath(new URL('bare-server.js', import.meta.url)), [identityProviderUrl]);
  const [port] = (await once(child, 'message')) as [number];
  return {
    url: loopbackUrl(port),
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
