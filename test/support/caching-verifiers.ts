import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { calculateJwkThumbprint, compactVerify, decodeJwt, decodeProtectedHeader, importJWK, type JSONWebKeySet, type JWK } from 'jose';

/** How far the clock of a verifier may be behind, milliseconds: it takes a token for so much longer. */
const LEEWAY = 30_000;
/** What verifiers give a replica to answer, milliseconds. */
const PATIENCE = 5_000;
/** Between two attempts where a replica did not answer, or its answer may not be kept. Milliseconds. */
const PAUSE = 100;

/** A token that a verifier would have refused. */
export interface VerificationFailure {
  readonly kid: string;
  readonly problem: 'no such key in the set' | 'another key under its kid' | 'the signature is wrong';
  /** The replica that the set came from. */
  readonly from: string;
  /** How long ago the set was fetched, milliseconds, and how long it may be kept. */
  readonly age: number;
  readonly maxAge: number;
  /** `kid`s that the set has. */
  readonly held: readonly string[];
}

interface KeySet {
  readonly keys: ReadonlyMap<string, JWK>;
  readonly from: string;
  /** Milliseconds, monotonic. */
  readonly fetchedAt: number;
  /** Milliseconds. */
  readonly maxAge: number;
}

/**
 * Many verifiers, each of which fetches the JWKS of one replica, keeps it for exactly as long as it was told, and fetches again, perhaps from another one.
 * None fetches sooner because of a `kid` it does not know. Every token is held against every set that is still in somebody's cache, from the moment
 * in which it was issued until it expires: a token and a set first meet when the later one of them comes, and a pair that is good then stays good.
 */
export class CachingVerifiers {
  readonly failures: VerificationFailure[] = [];
  /** Pairs of a token and a set that were tried. */
  checks = 0;
  /** Sets that were fetched. */
  fetches = 0;
  /** Fetches that were not answered with 200. */
  failedFetches = 0;
  readonly #replicas: () => readonly string[];
  readonly #sets: (KeySet | undefined)[];
  /** When the last token of each `kid` expires for the slowest clock, milliseconds since the epoch. */
  readonly #inUse = new Map<string, number>();
  readonly #publicKeys = new Map<string, ReturnType<typeof importJWK>>();
  /** Tokens whose key nobody had fetched yet. */
  #unproved: string[] = [];
  readonly #closing = new AbortController();
  readonly #loops: readonly Promise<void>[];

  /**
   * @param replicas base URLs of those that answer verifiers at present
   * @param count of verifiers
   */
  constructor(replicas: () => readonly string[], count = 24) {
    this.#replicas = replicas;
    setMaxListeners(count + 1, this.#closing.signal);
    this.#sets = Array.from({ length: count }, () => undefined);
    this.#loops = this.#sets.map((_, index) => this.#verify(index));
  }

  /** Takes a token as soon as it was issued. */
  async check(token: string): Promise<void> {
    const { kid = '' } = decodeProtectedHeader(token);
    this.#inUse.set(kid, Math.max(this.#inUse.get(kid) ?? 0, (decodeJwt(token).exp ?? 0) * 1_000 + LEEWAY));
    for (const set of this.#sets) if (set !== undefined && isValid(set)) this.#expectKey(set, kid);
    await this.#prove(token, kid);
  }

  /** Tokens of this key are no longer expected to be taken: it was revoked. */
  forget(kid: string): void {
    this.#inUse.delete(kid);
  }

  /** Ends them all. @throws where a token was left whose signature nobody could check */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#loops);
    const unproved = this.#unproved.filter((token) => this.#inUse.has(decodeProtectedHeader(token).kid ?? ''));
    if (unproved.length > 0) throw new Error(`${unproved.length} tokens were signed with keys that were in no set`);
  }

  async #verify(index: number): Promise<void> {
    const { signal } = this.#closing;
    const pause = (milliseconds: number): Promise<void> => setTimeout(milliseconds, undefined, { signal }).catch(() => {});
    // They come at different moments of the rotation, and meet other replicas each time.
    await pause(Math.random() * 1_000);
    for (let fetch = index; !signal.aborted; fetch += 1) {
      const replicas = this.#replicas();
      const set = replicas.length === 0 ? undefined : await this.#fetch(replicas[fetch % replicas.length] as string);
      this.#sets[index] = set;
      if (set !== undefined) await this.#meet(set);
      const rest = set === undefined ? 0 : set.fetchedAt + set.maxAge * (1 + Math.random() / 4) - performance.now();
      await pause(Math.max(PAUSE, rest));
    }
  }

  async #fetch(from: string): Promise<KeySet | undefined> {
    try {
      const response = await fetch(`${from}/.well-known/jwks.json`, { signal: AbortSignal.timeout(PATIENCE) });
      const body = await response.text();
      // Counted from the receipt, as libraries do: the longest that a verifier may keep it.
      const fetchedAt = performance.now();
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      const { keys } = JSON.parse(body) as JSONWebKeySet;
      const maxAge = Number(/max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '')?.[1] ?? 0) * 1_000;
      this.fetches += 1;
      return { keys: new Map(keys.map((jwk) => [jwk.kid ?? '', jwk])), from, fetchedAt, maxAge };
    } catch {
      if (!this.#closing.signal.aborted) this.failedFetches += 1;
      return undefined;
    }
  }

  /** A set that has just come, and every token that has not expired. */
  async #meet(set: KeySet): Promise<void> {
    for (const [kid, expiry] of this.#inUse) {
      if (expiry > Date.now()) this.#expectKey(set, kid);
      else this.#inUse.delete(kid);
    }
    for (const [kid, jwk] of set.keys) {
      if (this.#publicKeys.has(kid)) continue;
      this.#publicKeys.set(kid, importJWK(jwk));
      // One key for one kid, so that a signature needs to be checked with one set only.
      if ((await calculateJwkThumbprint(jwk)) !== kid) this.#fail(set, kid, 'another key under its kid');
    }
    for (const token of this.#unproved.splice(0)) await this.#prove(token, decodeProtectedHeader(token).kid ?? '');
  }

  #expectKey(set: KeySet, kid: string): void {
    this.checks += 1;
    if (!set.keys.has(kid)) this.#fail(set, kid, 'no such key in the set');
  }

  async #prove(token: string, kid: string): Promise<void> {
    const key = this.#publicKeys.get(kid);
    if (key === undefined) {
      this.#unproved.push(token);
      return;
    }
    const isRight = await compactVerify(token, await key).then(
      () => true,
      () => false,
    );
    const set = this.#sets.find((each) => each?.keys.has(kid));
    if (!isRight && set !== undefined) this.#fail(set, kid, 'the signature is wrong');
  }

  #fail({ from, fetchedAt, maxAge, keys }: KeySet, kid: string, problem: VerificationFailure['problem']): void {
    this.failures.push({ kid, problem, from, age: Math.round(performance.now() - fetchedAt), maxAge, held: [...keys.keys()] });
  }
}

function isValid({ fetchedAt, maxAge }: KeySet): boolean {
  return performance.now() < fetchedAt + maxAge;
}
