import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  compilePatterns,
  ParsecError,
  SPOKEN_TOKEN_TYPES,
  type Clock,
  type Health,
  type JsonObject,
  type PluginLogger,
  type TrustedIssuer,
  type TrustedRole,
  type TrustStore,
} from '@parsec/plugin-sdk';
import { compileExpression, SUBJECT_SCOPE, toCel } from '@parsec/plugin-sdk/cel';
import { Introspection } from './introspection.js';
import { findIssuerProblems } from './issuer-problems.js';
import { FixedIssuerKeys, RemoteIssuerKeys, type IssuerKeys, type KeysState } from './issuer-keys.js';
import { DiscoveredLocation, fixedLocation } from './key-location.js';
import type { OutgoingClient } from './outgoing.js';
import { readVerificationKeys } from './verification-keys.js';

/** A trusted issuer together with its keys, and with what every credential of it needs compiled. */
export interface IssuerEntry {
  readonly issuer: TrustedIssuer;
  readonly keys: IssuerKeys;
  /** Where it is asked about its tokens. */
  readonly introspection: Introspection | undefined;
  /** Whether a claim of this name may go further. */
  readonly allowsClaim: (name: string) => boolean;
  /** What stands for `sub` in claims; `undefined` where that cannot be told. */
  readonly subjectOf: (claims: JsonObject) => unknown;
}

/** A trusted issuer as operators see it. */
export interface IssuerStatus {
  readonly issuer: TrustedIssuer;
  readonly trustStore: string;
  readonly keys: KeysState | undefined;
  readonly health: Health;
}

/** What opening needs beside the issuers. */
export interface TrustSurroundings {
  /** Where a relative `jwks_file` starts: the directory of the configuration file. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: PluginLogger;
  /** What client assertions may name in `aud`. */
  readonly serviceIdentifiers: readonly string[];
  /** How issuers and their keys are reached. */
  readonly client: OutgoingClient;
}

/** The issuers of one trust store, as they were last taken. */
interface Taken {
  readonly store: TrustStore;
  issuers: readonly TrustedIssuer[];
}

/** Every trusted issuer of a generation, of all its trust stores. Looking one up takes the same time however many there are. */
export class TrustedIssuers {
  readonly #taken: ReadonlyMap<string, Taken>;
  readonly #surroundings: TrustSurroundings;
  #byIssuer: ReadonlyMap<string, IssuerEntry> = new Map();
  #tokenTypes: Readonly<Record<'subject' | 'actor', ReadonlySet<string>>> = { subject: new Set(), actor: new Set() };
  #introspecting: readonly IssuerEntry[] = [];
  #byName: ReadonlyMap<string, IssuerEntry> = new Map();
  #namespaces: ReadonlySet<string> = new Set();
  #changes: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(stores: ReadonlyMap<string, TrustStore>, surroundings: TrustSurroundings) {
    this.#taken = new Map([...stores].map(([name, store]) => [name, { store, issuers: store.trustedIssuers() }]));
    this.#surroundings = surroundings;
  }

  /**
   * Reads key files and begins to fetch remote keys, without waiting for them. From then on it follows what the trust stores say.
   * @param stores by the names of their instances
   * @throws ParsecError `PARSEC_CONFIGURATION_INVALID` where issuers conflict or a key file is no JWK Set
   */
  static async open(stores: ReadonlyMap<string, TrustStore>, surroundings: TrustSurroundings): Promise<TrustedIssuers> {
    const opened = new TrustedIssuers(stores, surroundings);
    try {
      await opened.#take([...opened.#taken.values()].flatMap(({ issuers }) => issuers));
    } catch (error) {
      await opened.close();
      throw error;
    }
    for (const [name, { store }] of opened.#taken) store.onChange?.(() => opened.#changed(name));
    return opened;
  }

  /** @param iss the exact `iss` of a credential */
  find(iss: string): IssuerEntry | undefined {
    return this.#byIssuer.get(iss);
  }

  /** The issuer of this name. */
  named(name: string): IssuerEntry | undefined {
    return this.#byName.get(name);
  }

  /** The namespace of a trusted issuer that an identifier is in, if it is in one. */
  namespaceOf(sub: string): string | undefined {
    const colon = sub.indexOf(':');
    const namespace = sub.slice(0, Math.max(colon, 0));
    return this.#namespaces.has(namespace) ? namespace : undefined;
  }

  /** The issuers that may be asked about a token which says nothing by itself. */
  findIntrospecting(role: TrustedRole, tokenType: string, requester: string): readonly IssuerEntry[] {
    return this.#introspecting.filter(
      ({ issuer: { acceptAs, tokenTypes, keys } }) =>
        acceptAs.includes(role) &&
        tokenTypes.includes(tokenType) &&
        'introspection' in keys &&
        compilePatterns(keys.introspection.requesters)(requester),
    );
  }

  /** Whether a subject or actor token of this type is accepted from anyone. */
  acceptsTokenType(role: 'subject' | 'actor', tokenType: string): boolean {
    return this.#tokenTypes[role].has(tokenType);
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

  /** Every issuer, by trust store. */
  status(): readonly IssuerStatus[] {
    return [...this.#taken].flatMap(([trustStore, { issuers }]) =>
      issuers.flatMap(({ issuer: iss }) => {
        const entry = this.#byIssuer.get(iss);
        return entry === undefined ? [] : [{ trustStore, issuer: entry.issuer, keys: entry.keys.state, health: entry.keys.health() }];
      }),
    );
  }

  /** Closing twice is safe. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#changes;
    for (const { keys } of this.#byIssuer.values()) keys.close();
  }

  /** One change after the other. */
  #changed(name: string): void {
    const change = this.#changes;
    this.#changes = (async () => {
      await change;
      const taken = this.#taken.get(name);
      if (taken !== undefined && !this.#isClosed) await this.#change(name, taken);
    })();
  }

  /** A change that cannot be is left out as a whole, and what the store said before stays. Never rejects. */
  async #change(name: string, taken: Taken): Promise<void> {
    const { logger } = this.#surroundings;
    const before = taken.issuers;
    try {
      const issuers = taken.store.trustedIssuers();
      await this.#take([...this.#taken].flatMap(([other, { issuers: theirs }]) => (other === name ? issuers : theirs)));
      taken.issuers = issuers;
      logger.info('trusted issuers changed', { trust_store: name, ...difference(before, issuers) });
    } catch (error) {
      logger.error('a change of trusted issuers is refused; those of before stay', { trust_store: name, problem: messageOf(error) });
    }
  }

  /** All or nothing. Keys of issuers whose keys did not change stay as they are, and warm. */
  async #take(issuers: readonly TrustedIssuer[]): Promise<void> {
    const [problem] = findIssuerProblems(issuers, this.#surroundings.serviceIdentifiers);
    if (problem !== undefined) throw invalid(issuers[problem.index]?.name ?? '', problem.message);
    const before = new Map([...this.#byIssuer.values()].map((entry) => [entry.issuer.name, entry]));
    const opened: IssuerKeys[] = [];
    const entries: IssuerEntry[] = [];
    try {
      for (const issuer of issuers) {
        const former = before.get(issuer.name);
        if (former !== undefined && haveSameKeys(former.issuer, issuer)) {
          entries.push(compileEntry(issuer, former.keys));
          continue;
        }
        const keys = await openKeys(issuer, this.#surroundings);
        opened.push(keys);
        entries.push(compileEntry(issuer, keys));
      }
    } catch (error) {
      for (const keys of opened) keys.close();
      throw error;
    }
    for (const keys of opened) if (keys instanceof RemoteIssuerKeys) keys.start();
    const kept = new Set(entries.map(({ keys }) => keys));
    this.#byIssuer = new Map(entries.map((entry) => [entry.issuer.issuer, entry]));
    this.#introspecting = entries.filter(({ introspection }) => introspection !== undefined);
    this.#byName = new Map(entries.map((entry) => [entry.issuer.name, entry]));
    this.#namespaces = new Set(issuers.flatMap(({ namespace }) => namespace ?? []));
    this.#tokenTypes = { subject: tokenTypesOf(issuers, 'subject'), actor: tokenTypesOf(issuers, 'actor') };
    for (const { keys } of before.values()) if (!kept.has(keys)) keys.close();
  }
}

function tokenTypesOf(issuers: readonly TrustedIssuer[], role: TrustedRole): ReadonlySet<string> {
  const { unsignedJson } = SPOKEN_TOKEN_TYPES;
  return new Set(
    issuers.flatMap(({ acceptAs, tokenTypes }) => [
      ...(acceptAs.includes(role) ? tokenTypes.filter((type) => type !== unsignedJson) : []),
      // Nobody issues it: those of whom an issuer says who they are may bring it.
      ...(role === 'subject' && acceptAs.includes('requester') && tokenTypes.includes(unsignedJson) ? [unsignedJson] : []),
    ]),
  );
}

function compileEntry(issuer: TrustedIssuer, keys: IssuerKeys): IssuerEntry {
  const [isAllowed, isDenied] = [compilePatterns(issuer.claims.allow), compilePatterns(issuer.claims.deny)];
  const introspection = keys instanceof Introspection ? keys : undefined;
  return {
    issuer,
    keys,
    introspection,
    allowsClaim: (name) => isAllowed(name) && !isDenied(name),
    subjectOf: compileSubject(issuer.subject),
  };
}

function compileSubject(source: string | undefined): IssuerEntry['subjectOf'] {
  if (source === undefined) return (claims) => claims['sub'];
  const expression = compileExpression(source, SUBJECT_SCOPE);
  return (claims) => {
    try {
      return expression.evaluate({ variables: { claims: toCel(claims) } });
    } catch {
      // The claims of the token lack what the expression needs.
      return undefined;
    }
  };
}

/** Keys belong to an `iss`: another issuer of the same name begins with none. */
function haveSameKeys(one: TrustedIssuer, other: TrustedIssuer): boolean {
  return one.issuer === other.issuer && isDeepStrictEqual(one.keys, other.keys);
}

function difference(before: readonly TrustedIssuer[], after: readonly TrustedIssuer[]): Readonly<Record<string, readonly string[]>> {
  const [former, present] = [byName(before), byName(after)];
  return {
    added: [...present.keys()].filter((name) => !former.has(name)),
    removed: [...former.keys()].filter((name) => !present.has(name)),
    changed: [...present.keys()].filter((name) => former.has(name) && !isDeepStrictEqual(former.get(name), present.get(name))),
  };
}

function byName(issuers: readonly TrustedIssuer[]): ReadonlyMap<string, TrustedIssuer> {
  return new Map(issuers.map((issuer) => [issuer.name, issuer]));
}

async function openKeys(
  { name, issuer, keys: source }: TrustedIssuer,
  { directory, client, clock, logger }: TrustSurroundings,
): Promise<IssuerKeys> {
  if ('introspection' in source) return new Introspection({ source: source.introspection, client, clock });
  if ('jwksUri' in source || 'discovery' in source) {
    const { allowHttp } = source;
    const location =
      'jwksUri' in source
        ? fixedLocation(source.jwksUri)
        : new DiscoveredLocation({ issuer, allowHosts: source.discovery.allowHosts, allowHttp, client, clock });
    return new RemoteIssuerKeys({ name, location, allowHttp, client, clock, logger });
  }
  const document = 'jwks' in source ? source.jwks : await readJwksFile(name, resolve(directory, source.jwksFile));
  const keys = readVerificationKeys(document);
  if (keys === undefined) throw invalid(name, 'its keys are not a JWK Set');
  if (keys.length === 0) throw invalid(name, 'its JWK Set holds no usable key');
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}
