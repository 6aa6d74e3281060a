import { startDemoIdentityProvider } from './demo-identity-provider.js';
import { becomesReady, spawnParsec } from './parsec-process.js';
import { isBusy } from './ports.js';
import { loopbackUrl, quickstartFlags, type QuickstartPlaces } from './quickstart-config.js';
import { screen } from './screen.js';
import { stopOnSignals } from './stop-on-signals.js';

/** Where each part listens, and the environment variable that puts it elsewhere. */
const PORTS = {
  tokenService: { variable: 'PARSEC__SERVER__HTTP_PORT', default: 8080 },
  management: { variable: 'PARSEC__SERVER__MANAGEMENT_PORT', default: 9091 },
  identityProvider: { variable: 'DEMO_IDENTITY_PROVIDER_PORT', default: 8081 },
} as const;

type Part = keyof typeof PORTS;

/**
 * Runs the demonstration identity provider and parsec with quickstart.yaml until one of them ends or a signal comes.
 * @param flags further flags of `parsec serve`, such as `--set key_managers.local={type: memory}`
 * @returns the exit code
 */
export async function startQuickstart(flags: readonly string[]): Promise<number> {
  const busy = await busyPorts();
  if (busy.length > 0) {
    process.stderr.write(`${busy.join('\n')}\n`);
    return 1;
  }
  const [port, managementPort] = [portOf('tokenService'), portOf('management')];
  const identityProvider = await startDemoIdentityProvider({ port: portOf('identityProvider'), audience: loopbackUrl(port) });
  const places: QuickstartPlaces = { port, managementPort, identityProviderUrl: identityProvider.url };

  const parsec = spawnParsec(['serve', ...quickstartFlags(places), ...flags]);
  stopOnSignals(parsec);
  if (await becomesReady(parsec, loopbackUrl(managementPort))) process.stdout.write(screen(places));
  const code = await parsec.exited;
  await identityProvider.close();
  return code;
}

function portOf(part: Part): number {
  return Number(process.env[PORTS[part].variable] ?? PORTS[part].default);
}

async function busyPorts(): Promise<string[]> {
  const sentences: string[] = [];
  for (const part of Object.keys(PORTS) as Part[]) {
    const port = portOf(part);
    if (await isBusy(port)) {
      sentences.push(`Port ${port} is in use. Free it, or choose another one: ${PORTS[part].variable}=${port + 1000} npm start`);
    }
  }
  return sentences;
}
