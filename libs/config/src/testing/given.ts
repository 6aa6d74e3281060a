import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginLoadProblem, PluginRegistry } from '@parsec/kernel';
import { checkConfiguration, ConfigurationError, formatProblem, readConfigurationSource, type Configuration } from '../index.js';
import { fakeRegistry } from './fake-plugins.js';

/** What a configuration is read from. */
export interface Given {
  readonly yaml: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly overrides?: readonly string[];
  /** Further files beside `parsec.yaml`. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly registry?: PluginRegistry;
  readonly pluginProblems?: readonly PluginLoadProblem[];
}

/** A configuration in which nothing is wrong and everything is used. */
export const VALID = `trust_domain: trust-domain.example
server:
  issuer: https://tts.trust-domain.example
admin:
  token: 0123456789abcdef
trust_stores:
  corporate:
    type: listed
    options:
      issuers:
        corp_idp:
          issuer: https://idp.example.com
key_managers:
  local:
    type: memory
signers:
  main:
    key_manager: local
data_sources:
  user_roles:
    type: http
    options:
      url: https://roles.internal
      credentials:
        password: open sesame
authorizers:
  issuance:
    type: rules
    options:
      rules:
        - when: requester.sub == "gateway"
          trusted_issuers: [corp_idp]
token_issuers:
  txn_token:
    type: txn_token
    token_type: urn:ietf:params:oauth:token-type:txn_token
    signer: main
    authorizers: [issuance]
    claims:
      tctx:
        - details: true
        - cel: '{"roles": datasource("user_roles").roles}'
      rctx:
        - context: true
`;

/** Reads and checks a configuration as the program does. The directory is gone when this settles. */
export async function check(given: Given): Promise<Configuration> {
  const { yaml, environment = {}, overrides = [], files = {}, registry = fakeRegistry(), pluginProblems = [] } = given;
  const directory = await mkdtemp(join(tmpdir(), 'parsec-config-'));
  try {
    for (const [name, content] of Object.entries({ ...files, 'parsec.yaml': yaml })) await writeFile(join(directory, name), content);
    const source = await readConfigurationSource({ file: join(directory, 'parsec.yaml'), environment, overrides });
    return checkConfiguration(source, registry, pluginProblems);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The error that a configuration ends in; fails where it is valid, or ends in another. */
export async function errorOf(given: Given): Promise<ConfigurationError> {
  const error: unknown = await check(given).then(
    () => 'the configuration is valid',
    (failure: unknown) => failure,
  );
  if (error instanceof ConfigurationError) return error;
  throw error;
}

/** Its problems, one line each, as if the directory were the current one. */
export async function problemsOf(given: Given): Promise<string[]> {
  const { problems } = await errorOf(given);
  return problems.map((problem) => formatProblem(problem).replaceAll(/\S*\/(?=parsec\.yaml)/g, ''));
}

/** `VALID` with one part replaced. */
export function validBut(part: string, replacement: string): string {
  if (!VALID.includes(part)) throw new Error(`the valid configuration has no ${part}`);
  return VALID.replace(part, () => replacement);
}
