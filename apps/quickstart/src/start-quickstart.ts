import { startDemoIdentityProvider } from './demo-identity-provider.js';
import { becomesReady, spawnParsec } from './parsec-process.js';
import { loopbackUrl, quickstartFlags, type QuickstartPlaces } from './quickstart-config.js';
import { choosePorts, portProblems } from './quickstart-ports.js';
import { screen } from './screen.js';
import { stopOnSignals } from './stop-on-signals.js';

/**
 * Runs the demonstration identity provider and parsec with quickstart.yaml until one of them ends or a signal comes.
 * @param flags further flags of `parsec serve`, such as `--set key_managers.local={type: memory}`
 * @returns the exit code
 */
export async function startQuickstart(flags: readonly string[]): Promise<number> {
  const ports = choosePorts(flags);
  const problems = await portProblems(ports);
  if (problems.length > 0) {
    process.stderr.write(`${problems.join('\n')}\n`);
    return 1;
  }
  const audience = loopbackUrl(ports.tokenService);
  const identityProvider = await startDemoIdentityProvider({ port: ports.identityProvider, audience });
  const places: QuickstartPlaces = {
    port: ports.tokenService,
    managementPort: ports.management,
    identityProviderUrl: identityProvider.url,
  };

  const parsec = spawnParsec(['serve', ...quickstartFlags(places), ...flags]);
  stopOnSignals(parsec);
  if (await becomesReady(parsec, loopbackUrl(places.managementPort))) process.stdout.write(screen(places));
  const code = await parsec.exited;
  await identityProvider.close();
  return code;
}
