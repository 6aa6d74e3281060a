import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { CachingVerifiers } from '../../support/caching-verifiers.js';
import { Lab, TRUST_DOMAIN } from '../../support/lab.js';
import { Load } from '../../support/load.js';
import { makeDirectory, startParsec, type ParsecServer } from '../../support/parsec-server.js';
import { until } from '../../support/until.js';

/** What all replicas call themselves. */
export const ISSUER = `https://tts.${TRUST_DOMAIN}`;
/** What replicas know and nobody else. */
export const SECRET = 'known-to-the-replicas-and-to-nobody-else';
const REQUESTS_PER_SECOND = 20;

/** Keys sign for four seconds, and verifiers keep them for one. */
export const FAST = { every: '4s', publish_ahead: '1s' } as const;

/** The configuration of a signer whose keys are in files beside it, and whatever else a test says. */
export function configurationOf(lab: Lab, changes: object = {}): object {
  const { token_issuers: issuers, ...configuration } = lab.configuration(ISSUER) as { token_issuers: { txn_token: object } };
  return {
    ...configuration,
    key_managers: { local: { type: 'file', options: { directory: './keys' } } },
    signers: { main: { key_manager: 'local', rotation: FAST } },
    token_issuers: { txn_token: { ...issuers.txn_token, ttl: '3s' } },
    ...changes,
  };
}

/** State over Redis, without which assertions are taken all the same. */
export function sharedState(url: string, replica: string, changes: object = {}): object {
  return { state: { type: 'redis', url, secret: SECRET, replica, ...changes }, replay: { on_outage: 'local' } };
}

interface Replica {
  readonly server: ParsecServer;
  /** Whether the balancer sends it requests. */
  isIn: boolean;
  /** Whether verifiers fetch keys from it, ready or not. */
  isAsked: boolean;
}

/** Replicas behind a balancer, under load all the time, with verifiers that hold every token against every key set that somebody has cached. */
export class Fleet {
  readonly verifiers: CachingVerifiers;
  readonly load: Load;
  readonly #lab: Lab;
  readonly #place: Awaited<ReturnType<typeof makeDirectory>>;
  readonly #replicas = new Map<string, Replica>();
  /** `kid`s in the order in which each replica was seen to sign with them. */
  readonly #signed = new Map<string, string[]>();
  #turn = 0;

  private constructor(lab: Lab, place: Awaited<ReturnType<typeof makeDirectory>>) {
    this.#lab = lab;
    this.#place = place;
    this.verifiers = new CachingVerifiers(() =>
      [...this.#replicas.values()].filter(({ isAsked }) => isAsked).map(({ server }) => server.url),
    );
    this.load = new Load({
      lab,
      audience: ISSUER,
      perSecond: REQUESTS_PER_SECOND,
      target: () => this.#next(),
      onToken: (token, url) => this.#take(token, url),
    });
  }

  static async open(lab: Lab): Promise<Fleet> {
    return new Fleet(lab, await makeDirectory());
  }

  /** Where replicas can share something. */
  get directory(): string {
    return this.#place.directory;
  }

  /**
   * Starts a replica, also one that was there before. It gets requests when it is ready.
   * @returns once it serves; {@link joined} waits until it is ready
   */
  async start(name: string, changes: object = {}): Promise<ParsecServer> {
    const directory = join(this.directory, name);
    await mkdir(directory, { recursive: true });
    const server = await startParsec(() => configurationOf(this.#lab, changes), directory);
    this.#replicas.set(name, { server, isIn: false, isAsked: true });
    return server;
  }

  /** Waits until a replica is ready, and sends it requests from then on. */
  async joined(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      await until(`${name} is ready`, () => this.isReady(name));
      this.#replica(name).isIn = true;
    }
  }

  async isReady(name: string): Promise<boolean> {
    return (await fetch(`${this.#replica(name).server.managementUrl}/health/ready`)).status === 200;
  }

  /** Ends a replica; the balancer has taken it out before SIGTERM, and cannot know of SIGKILL. */
  async end(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const { server } = this.#replica(name);
    if (signal === 'SIGTERM') {
      this.#replica(name).isIn = false;
      await this.load.settle();
    }
    const ended = server.stop(signal);
    this.#replicas.delete(name);
    await ended;
  }

  pause(name: string): void {
    this.#replica(name).isIn = false;
    this.#replica(name).server.pause();
  }

  /** Lets it go on, and sends it requests when it is ready, which it knows once it has looked at what happened meanwhile. */
  async resume(name: string): Promise<void> {
    this.#replica(name).server.resume();
    await this.published(name);
    await this.joined(name);
  }

  /** Verifiers fetch no keys from this replica, until told otherwise. */
  hideKeysOf(name: string, isHidden = true): void {
    this.#replica(name).isAsked = !isHidden;
  }

  server(name: string): ParsecServer {
    return this.#replica(name).server;
  }

  /** `kid`s that a replica was seen to sign with, oldest first. */
  signed(name: string): readonly string[] {
    return this.#signed.get(name) ?? [];
  }

  /** `kid`s in the JWKS of a replica, sorted. */
  published(name: string): Promise<readonly string[]> {
    return publishedBy(this.#replica(name).server);
  }

  /** Waits until each of these replicas, or of all, has begun to sign with so many more keys. */
  async rotated(times: number, names: readonly string[] = [...this.#replicas.keys()]): Promise<void> {
    // The first key of a replica is no rotation.
    const before = new Map(names.map((name) => [name, Math.max(this.signed(name).length, 1)]));
    await until(`${names.join(', ')} rotated ${times} times`, () =>
      names.every((name) => this.signed(name).length >= (before.get(name) ?? 0) + times),
    );
  }

  /** Waits until every replica that gets requests has signed, and the JWKS of all are the same and hold what each signs with. */
  async agreed(): Promise<void> {
    await until('all replicas publish the same keys', async () => {
      if ([...this.#replicas].some(([name, { isIn }]) => isIn && this.signed(name).length === 0)) return false;
      const sets = await Promise.all([...this.#replicas.keys()].map((name) => this.published(name)));
      const signing = [...this.#replicas.keys()].flatMap((name) => this.signed(name).slice(-1));
      return sets.every((set) => set.join() === sets[0]?.join()) && signing.every((kid) => sets[0]?.includes(kid));
    });
  }

  /** Answers other than a token, and tokens that some verifier would have refused: none, or something is wrong. */
  get harm(): readonly unknown[] {
    return [...this.load.errors, ...this.verifiers.failures];
  }

  async close(): Promise<void> {
    await this.load.close();
    await this.verifiers.close();
    await Promise.all([...this.#replicas.values()].map(({ server }) => server.stop('SIGKILL')));
    await this.#place.remove();
  }

  #replica(name: string): Replica {
    const replica = this.#replicas.get(name);
    if (replica === undefined) throw new Error(`there is no replica ${name}`);
    return replica;
  }

  #next(): string | undefined {
    const live = [...this.#replicas.values()].filter(({ isIn }) => isIn);
    this.#turn += 1;
    return live[this.#turn % live.length]?.server.url;
  }

  async #take(token: string, url: string): Promise<void> {
    const name = [...this.#replicas].find(([, { server }]) => server.url === url)?.[0];
    const { kid = '' } = decodeProtectedHeader(token);
    if (name !== undefined && !this.signed(name).includes(kid)) this.#signed.set(name, [...this.signed(name), kid]);
    await this.verifiers.check(token);
  }
}

/** `kid`s in the JWKS of a server, sorted. */
export async function publishedBy({ url }: ParsecServer): Promise<readonly string[]> {
  const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  return keys.map(({ kid = '' }) => kid).toSorted();
}
