import { fileURLToPath } from 'node:url';

/** The configuration that the quickstart, the demonstration and the benchmark serve. */
export const QUICKSTART_CONFIG = fileURLToPath(new URL('../quickstart.yaml', import.meta.url));

/** Where the parts of a quickstart listen. */
export interface QuickstartPlaces {
  /** Port of the token service. */
  readonly port: number;
  /** Port of health and metrics. */
  readonly managementPort: number;
  /** The demonstration identity provider. */
  readonly identityProviderUrl: string;
  /** Directory of signing keys and state; left out: what quickstart.yaml says. */
  readonly directory?: string;
}

/** The address of a service on this machine. */
export function loopbackUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** The flags of `parsec serve` that make quickstart.yaml fit these places. */
export function quickstartFlags({ port, managementPort, identityProviderUrl, directory }: QuickstartPlaces): string[] {
  const issuers = 'trust_stores.demo.options.issuers';
  const values = {
    'server.issuer': loopbackUrl(port),
    'server.http_port': port,
    'server.management_port': managementPort,
    [`${issuers}.demo_idp.issuer`]: identityProviderUrl,
    [`${issuers}.demo_idp.jwks_uri`]: `${identityProviderUrl}/jwks`,
    [`${issuers}.demo_workloads.jwks_uri`]: `${identityProviderUrl}/workload/jwks.json`,
    [`${issuers}.demo_workloads.audiences`]: `["${loopbackUrl(port)}"]`,
    ...(directory !== undefined && {
      'key_managers.local.options.directory': `${directory}/keys`,
      'state.directory': `${directory}/state`,
    }),
  };
  return ['--config', QUICKSTART_CONFIG, ...Object.entries(values).flatMap(([path, value]) => ['--set', `${path}=${value}`])];
}
