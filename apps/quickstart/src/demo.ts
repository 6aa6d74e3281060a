import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDemoIdentityProvider } from './demo-identity-provider.js';
import { walkDemo } from './demo-walk.js';
import { becomesReady, spawnParsec } from './parsec-process.js';
import { freePort } from './ports.js';
import { loopbackUrl, quickstartFlags } from './quickstart-config.js';
import { stopOnSignals } from './stop-on-signals.js';

// The whole trip by itself, on free ports and with keys that are thrown away.
const port = await freePort();
const managementPort = await freePort();
const identityProvider = await startDemoIdentityProvider({ audience: loopbackUrl(port) });
const directory = await mkdtemp(join(tmpdir(), 'parsec-demo-'));
const flags = quickstartFlags({ port, managementPort, identityProviderUrl: identityProvider.url, directory });
const parsec = spawnParsec(['serve', ...flags], ['ignore', 'ignore', 'inherit']);
stopOnSignals(parsec);
try {
  if (await becomesReady(parsec, loopbackUrl(managementPort))) await walkDemo(loopbackUrl(port), identityProvider.url);
} finally {
  process.exitCode = await parsec.stop();
  await identityProvider.close();
  await rm(directory, { recursive: true });
}
