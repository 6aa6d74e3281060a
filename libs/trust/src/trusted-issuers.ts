import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { compilePatterns, ParsecError, type Clock, type Health, type PluginLogger, type TrustedIssuer } from '@parsec/plugin-sdk';
import { findIssuerProblems } from './issuer-problems.js';
import { FixedIssuerKeys, RemoteIssuerKeys, type IssuerKeys } from './issuer-keys.js';
import { OutgoingClient } from './outgoing.js';
import { readVerificationKeys } from './verification-keys.js';

/** A trusted issuer together with its keys, and with what every credential of it needs compiled. */
export interface IssuerEntry {
  readonly issuer: TrustedIssuer;
  readonly keys: IssuerKeys;
  /** Whether a claim of this name may go further. */
  readonly allowsClaim: (name: string) => boolean;
}

/** What opening needs beside the issuers. */
export interface TrustSurroundings {
  /** Where a relative `jwks_file` starts: the directory of the configuration file. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: PluginLogger;
  /** What client assertions may name in `aud`. */
  readonly serviceIdentifiers: readonly string[];
}

/** Every trusted issuer of a generation. Looking one up takes the same time however many there are. */
export class TrustedIssuers {
  readonly #byIssuer: ReadonlyMap<string, IssuerEntry>;
  readonly #subjectTokenTypes: ReadonlySet<string>;
  readonly #client: OutgoingClient;

  private constructor(entries: readonly IssuerEntry[], client: OutgoingClient) {
    const ofSubjects = entries.filter(({ issuer }) => issuer.acceptAs.includes('subject'));
    this.#byIssuer = new Map(entries.map((entry) => [entry.issuer.issuer, entry]));
    this.#subjectTokenTypes = new Set(ofSubjects.flatMap(({ issuer }) => issuer.tokenTypes));
    this.#client = client;
  }

  /**
   * Reads key files and begins to fetch remote keys, without waiting for them.
   * @throws ParsecError `PARSEC_CONFIGURATION_INVALID` where issuers conflict or a key file is no JWK Set
   */
  static async open(issuers: readonly TrustedIssuer[], surroundings: TrustSurroundings): Promise<TrustedIssuers> {
    const [problem] = findIssuerProblems(issuers, surroundings.serviceIdentifiers);
    if (problem !== undefined) throw invalid(issuers[problem.index]?.name ?? '', problem.message);
    const client = new OutgoingClient();
    try {
      const entries: IssuerEntry[] = [];
      for (const issuer of issuers) {
        entries.push({ issuer, keys: await openKeys(issuer, client, surroundings), allowsClaim: compilePatterns(issuer.claims.allow) });
      }
      for (const { keys } of entries) if (keys instanceof RemoteIssuerKeys) keys.start();
      return new TrustedIssuers(entries, client);
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** @param iss the exact `iss` of a credential */
  find(iss: string): IssuerEntry | undefined {
    return this.#byIssuer.get(iss);
  }

  /** Whether a subject token of this type is accepted from anyone. */
  acceptsSubjectTokenType(tokenType: string): boolean {
    return this.#subjectTokenTypes.has(tokenType);
  }

  /** The algorithms that requesters' credentials may be signed with. */
  get requesterAlgorithms(): readonly string[] {
    const requesters = [...this.#byIssuer.values()].filter(({ issuer }) => issuer.acceptAs.includes('requester'));
    return [...new Set(requesters.flatMap(({ issuer }) => issuer.algorithms))];
  }

  /** How each issuer's keys are, by the issuer's name. */
  health(): ReadonlyMap<string, Health> {
    return new Map([...this.#byIssuer.values()].map(({ issuer, keys }) => [issuer.name, keys.health()]));
  }

  async close(): Promise<void> {
    for (const { keys } of this.#byIssuer.values()) keys.close();
    await this.#client.close();
  }
}

async function openKeys(
  issuer: TrustedIssuer,
  client: OutgoingClient,
  { directory, clock, logger }: TrustSurroundings,
): Promise<IssuerKeys> {
  const source = issuer.keys;
  if ('jwksUri' in source) {
    return new RemoteIssuerKeys({ name: issuer.name, url: source.jwksUri, allowHttp: source.allowHttp, client, clock, logger });
  }
  const document = 'jwks' in source ? source.jwks : await readJwksFile(issuer.name, resolve(directory, source.jwksFile));
  const keys = readVerificationKeys(document);
  if (keys === undefined) throw invalid(issuer.name, 'its keys are not a JWK Set');
  if (keys.length === 0) throw invalid(issuer.name, 'its JWK Set holds no usable key');
  return new FixedIssuerKeys(keys);
}

async function readJwksFile(name: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // The path may hold a secret, and so may the error.
    throw invalid(name, `its jwks_file cannot be read as JSON${systemCode(error)}`);
  }
}

function invalid(name: string, message: string): ParsecError {
  return new ParsecError('PARSEC_CONFIGURATION_INVALID', `trusted issuer "${name}": ${message}`);
}

function systemCode(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? '' : ` (${code})`;
}
