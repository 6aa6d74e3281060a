import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { createRegistry } from '../built-in-plugins.js';
import { callAdmin } from './admin-client.js';
import { describeKeys } from './describe-keys.js';
import { describePlugins } from './describe-plugins.js';
import { describeTrust } from './describe-trust.js';
import { loadConfiguration, type ConfigurationOptions } from './load-configuration.js';
import type { ShownSigner } from '../management/keys.controller.js';
import type { ShownIssuer } from '../management/trust.controller.js';
import { reportFailure } from './report-failure.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

/** What answers about signing keys hold. */
const SIGNERS = { member: 'signers', marker: 'signer' } as const;

/** The command line. Every command exits with 1 where the configuration is not in order. */
export function createProgram(): Command {
  const program = new Command('parsec')
    .description('parsec, a Transaction Token Service: outside credentials in, short-lived signed Txn-Tokens out.')
    .version(version, '-V, --version')
    .showHelpAfterError()
    .addHelpText(
      'after',
      `
Examples:
  parsec validate -c parsec.yaml
  parsec serve -c parsec.yaml --set server.http_port=9000
  PARSEC__SERVER__HTTP_PORT=9000 parsec serve -c parsec.yaml

Where a value comes from, highest first: --set, environment (PARSEC__ and the path, joined by __), file, default.`,
    );

  withConfiguration(program.command('serve').description('serve token exchanges until SIGTERM or SIGINT')).action(
    run(async (options: ConfigurationOptions) => {
      const { configuration } = await loadConfiguration(options);
      // Checking a configuration needs none of the host, so only serving waits for it to load.
      const { serve } = await import('../serve.js');
      await serve(configuration);
    }),
  );

  withConfiguration(program.command('validate').description('check a configuration without opening a socket')).action(
    run(async (options: ConfigurationOptions) => {
      const { configuration } = await loadConfiguration(options);
      process.stdout.write(`${configuration.file} is valid: ${configuration.instances.length} instances.\n`);
    }),
  );

  withOverrides(
    program
      .command('plugins')
      .description('list the plugins that a configuration can use')
      .option('-c, --config <file>', 'also load the plugins this configuration names'),
  ).action(
    run(async ({ config, set }: Partial<ConfigurationOptions>) => {
      const registry = config === undefined ? createRegistry() : (await loadConfiguration({ config, ...(set && { set }) })).registry;
      process.stdout.write(describePlugins(registry.list()));
    }),
  );

  const keys = program.command('keys').description('show and replace the signing keys of the server that runs on this machine');
  withConfiguration(keys.command('list').description('every key: what it does, since when and until when')).action(
    run(async (options: ConfigurationOptions) => {
      const { configuration } = await loadConfiguration(options);
      const signers = await callAdmin<ShownSigner>(configuration, 'GET', 'keys', SIGNERS);
      process.stdout.write(describeKeys(signers));
    }),
  );
  withConfiguration(keys.command('rotate <signer>').description('sign with another key as soon as every verifier knows one')).action(
    runOn(async (signer: string, options: ConfigurationOptions) => {
      const { configuration } = await loadConfiguration(options);
      const signers = await callAdmin<ShownSigner>(configuration, 'POST', `signers/${encodeURIComponent(signer)}/rotate`, SIGNERS);
      process.stdout.write(describeKeys(signers));
    }),
  );
  withConfiguration(
    keys.command('revoke <kid>').description('take a stolen key out of the JWKS at once and for good, and make another one'),
  ).action(
    runOn(async (kid: string, options: ConfigurationOptions) => {
      const { configuration } = await loadConfiguration(options);
      const signers = await callAdmin<ShownSigner>(configuration, 'POST', `keys/${encodeURIComponent(kid)}/revoke`, SIGNERS);
      process.stdout.write(`${kid} is revoked. Verifiers may know it until they fetch the JWKS again.\n\n${describeKeys(signers)}`);
    }),
  );

  const trust = program.command('trust').description('show whom the server that runs on this machine trusts');
  withConfiguration(trust.command('list').description('every trusted issuer: where it stands, how old its keys are, and how it is')).action(
    run(async (options: ConfigurationOptions) => {
      const { configuration } = await loadConfiguration(options);
      const member = { member: 'trusted_issuers', marker: 'trusted_issuer' } as const;
      process.stdout.write(describeTrust(await callAdmin<ShownIssuer>(configuration, 'GET', 'trust', member)));
    }),
  );

  return program;
}

function withOverrides(command: Command): Command {
  return command.option(
    '-s, --set <path=value>',
    'override a value, e.g. server.http_port=9000; may be repeated',
    (value: string, all: readonly string[] = []) => [...all, value],
  );
}

function withConfiguration(command: Command): Command {
  return withOverrides(command.option('-c, --config <file>', 'configuration file', 'parsec.yaml'));
}

function runOn<Options>(action: (name: string, options: Options) => Promise<void>): (name: string, options: Options) => Promise<void> {
  return (name, options) => run((given: Options) => action(name, given))(options);
}

function run<Options>(action: (options: Options) => Promise<void>): (options: Options) => Promise<void> {
  return async (options) => {
    try {
      await action(options);
    } catch (error) {
      // What is written to a pipe is written later; leaving at once would cut it off.
      process.stderr.write(reportFailure(error), () => process.exit(1));
    }
  };
}
