import { writeFile } from 'node:fs/promises';
import { freePort, loopbackUrl, signIn, startDemoIdentityProvider } from '@parsec/quickstart';
import { measureCryptography } from './bare-cryptography.js';
import { fetchVerificationKeys } from './cryptography.js';
import { describeEnvironment } from './environment.js';
import { Measurement } from './measurement.js';
import { renderTable, summarise } from './report.js';
import { prepareBodies } from './request-bodies.js';
import { startBareServer, startParsec, type Target } from './targets.js';

const CONNECTIONS = [1, 32, 128];
const ACCESS_TOKENS = 16;
const CRYPTOGRAPHY_SECONDS = 3;
const WARM_UP_SECONDS = 4;
/** Both servers take turns in short rounds, so that a slow moment of the machine meets both. */
const ROUNDS = 3;
const ROUND_SECONDS = 4;
const RESULTS = new URL('../results.json', import.meta.url);

const port = await freePort();
const identityProvider = await startDemoIdentityProvider({ audience: loopbackUrl(port) });
const signedIn = await Promise.all(Array.from({ length: ACCESS_TOKENS }, () => signIn(identityProvider.url, 'alice', 'orders.write')));
const accessTokens = signedIn.map(({ access_token }) => access_token);
const targets: Target[] = [];
try {
  say('the bare cryptography');
  const keys = await fetchVerificationKeys(identityProvider.url);
  const assertion = await identityProvider.workloads.assertion(loopbackUrl(port));
  const cryptographyPerSecond = measureCryptography(keys, accessTokens[0] ?? '', assertion, CRYPTOGRAPHY_SECONDS);

  say('warming up');
  const parsec = await startParsec({ port, managementPort: await freePort(), identityProviderUrl: identityProvider.url });
  targets.push(parsec);
  const bareServer = await startBareServer(identityProvider.url);
  targets.push(bareServer);
  const warm = { connections: Math.max(...CONNECTIONS), seconds: WARM_UP_SECONDS, perSecond: 2 * cryptographyPerSecond };
  const parsecRate = await load(parsec, new Measurement(), warm);
  const bareServerRate = await load(bareServer, new Measurement(), warm);

  const levels = CONNECTIONS.map((connections) => ({ connections, parsec: new Measurement(), bareServer: new Measurement() }));
  for (const { connections, ...measurements } of levels) {
    say(`${connections} connection${connections === 1 ? '' : 's'}`);
    for (let round = 0; round < ROUNDS; round += 1) {
      await load(parsec, measurements.parsec, { connections, seconds: ROUND_SECONDS, perSecond: 2 * parsecRate });
      await load(bareServer, measurements.bareServer, { connections, seconds: ROUND_SECONDS, perSecond: 2 * bareServerRate });
    }
  }

  const summary = summarise(cryptographyPerSecond, levels);
  process.stdout.write(`\n${renderTable(summary)}\n`);
  await writeFile(RESULTS, `${JSON.stringify({ ...(await describeEnvironment()), ...summary }, null, 2)}\n`);
} finally {
  await Promise.all(targets.map((target) => target.stop()));
  await identityProvider.close();
}

/** How hard a server is asked. */
interface Load {
  readonly connections: number;
  readonly seconds: number;
  /** More than it can answer: so many requests are prepared. */
  readonly perSecond: number;
}

/** @returns the answers per second of all rounds of this measurement so far */
async function load(target: Target, measurement: Measurement, { connections, seconds, perSecond }: Load): Promise<number> {
  const count = Math.ceil(perSecond * seconds);
  const nextBody = await prepareBodies(identityProvider, loopbackUrl(port), accessTokens, count);
  await measurement.addRound(target.url, connections, seconds, nextBody);
  return measurement.perSecond;
}

function say(line: string): void {
  process.stderr.write(`… ${line}\n`);
}
