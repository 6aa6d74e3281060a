import { isBusy } from './ports.js';

interface Choice {
  readonly usual: number;
  readonly variable: string;
  /** Where parsec's configuration has it. */
  readonly path?: string;
}

const CHOICES = {
  tokenService: { usual: 8080, variable: 'PARSEC__SERVER__HTTP_PORT', path: 'server.http_port' },
  management: { usual: 9091, variable: 'PARSEC__SERVER__MANAGEMENT_PORT', path: 'server.management_port' },
  identityProvider: { usual: 8081, variable: 'DEMO_IDENTITY_PROVIDER_PORT' },
} as const satisfies Record<string, Choice>;

/** The port of each part of the quickstart. */
export type QuickstartPorts = Readonly<Record<keyof typeof CHOICES, number>>;

/** Where the quickstart listens. As parsec itself decides: a flag before the environment before the usual port. */
export function choosePorts(flags: readonly string[]): QuickstartPorts {
  const choose = ({ usual, variable, path }: Choice): number => {
    const flag = path === undefined ? undefined : flags.findLast((text) => text.includes(`${path}=`));
    return Number(flag?.split('=').at(-1) ?? process.env[variable] ?? usual);
  };
  return {
    tokenService: choose(CHOICES.tokenService),
    management: choose(CHOICES.management),
    identityProvider: choose(CHOICES.identityProvider),
  };
}

/** One sentence for every port that cannot be had, with what to do about it. */
export async function portProblems(ports: QuickstartPorts): Promise<string[]> {
  const problems: string[] = [];
  for (const part of ['tokenService', 'management', 'identityProvider'] as const) {
    const { variable, usual } = CHOICES[part];
    const example = `${variable}=${usual + 1000} npm start`;
    if (!isPort(ports[part])) problems.push(`${variable} is not a port. Choose one from 1 to 65535: ${example}`);
    else if (await isBusy(ports[part])) problems.push(`Port ${ports[part]} is in use. Free it, or choose another one: ${example}`);
  }
  return problems;
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}
