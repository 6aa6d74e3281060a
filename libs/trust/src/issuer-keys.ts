import { UnavailableError, type Clock, type Health, type PluginLogger } from '@parsec/plugin-sdk';
import type { KeyLocation } from './key-location.js';
import type { OutgoingClient } from './outgoing.js';
import { readVerificationKeys, type VerificationKey } from './verification-keys.js';

/** The keys of one trusted issuer. They verify that issuer's tokens and no others. */
export interface IssuerKeys {
  /**
   * The keys that may have made a signature, best first.
   * @param kid the token's `kid`; without one every key that fits the algorithm is a candidate
   * @throws UnavailableError where no usable keys are at hand
   */
  candidates(kid: string | undefined, algorithm: string): Promise<readonly VerificationKey[]>;
  health(): Health;
  /** `undefined` where none are at hand. */
  readonly state: KeysState | undefined;
  close(): void;
}

/** The keys of an issuer as operators see them. */
export interface KeysState {
  /** Usable ones. */
  readonly count: number;
  /** Milliseconds since they were fetched; `undefined` where they are not fetched. */
  readonly age?: number;
}

/** Keys that stand in the configuration or in a file beside it. */
export class FixedIssuerKeys implements IssuerKeys {
  constructor(private readonly keys: readonly VerificationKey[]) {}

  candidates(kid: string | undefined, algorithm: string): Promise<readonly VerificationKey[]> {
    return Promise.resolve(select(this.keys, kid, algorithm));
  }

  health(): Health {
    return this.keys.length > 0 ? { status: 'up' } : { status: 'down', detail: 'its key set holds no usable key' };
  }

  get state(): KeysState {
    return { count: this.keys.length };
  }

  close(): void {}
}

const FETCH_LIMITS = { timeout: 4_000, maxBytes: 512 * 1024 };
/** Milliseconds. */
const REFRESH = { byDefault: 10 * 60_000, min: 60_000, max: 60 * 60_000 };
/** Milliseconds from one attempt to the next after a failure; with no keys at hand an issuer that returns is met within the smaller bound. */
const RETRY = { first: 1_000, maxWithoutKeys: 4_000, maxWithKeys: 60_000 };
/** Milliseconds for which keys serve while they cannot be refreshed. */
const STALE_LIMIT = 24 * 60 * 60_000;
/** Milliseconds between fetches that unknown `kid`s may cause. */
const UNKNOWN_KID_COOL_DOWN = 10_000;

/** Where and how the keys of an issuer are fetched. */
export interface RemoteKeysOptions {
  /** The trusted issuer's name, for the log. */
  readonly name: string;
  readonly location: KeyLocation;
  readonly allowHttp: boolean;
  readonly client: OutgoingClient;
  readonly clock: Clock;
  readonly logger: PluginLogger;
}

interface FetchedKeys {
  readonly list: readonly VerificationKey[];
  readonly url: string;
  readonly etag: string | undefined;
  /** Monotonic milliseconds. */
  readonly fetchedAt: number;
}

/**
 * Keys behind a `jwks_uri`: fetched ahead, refreshed in the background, served stale through an outage.
 * While usable keys are at hand no request waits for a refresh; one with a `kid` that nobody knows waits for at most one fetch.
 */
export class RemoteIssuerKeys implements IssuerKeys {
  #keys: FetchedKeys | undefined;
  #fetching: Promise<void> | undefined;
  #cancelNext = (): void => {};
  #failures = 0;
  #failure: string | undefined;
  #unknownKidFetchAt = Number.NEGATIVE_INFINITY;
  readonly #abort = new AbortController();

  constructor(private readonly options: RemoteKeysOptions) {}

  /** Begins to fetch. Does not wait: an issuer that is down does not hold up the start. */
  start(): void {
    void this.#fetch();
  }

  async candidates(kid: string | undefined, algorithm: string): Promise<readonly VerificationKey[]> {
    if (this.#usable === undefined) await this.#fetching;
    const keys = this.#usable;
    if (keys === undefined)
      throw new UnavailableError(`no keys of "${this.options.name}" are at hand: its JWKS ${this.#failure ?? 'is not fetched yet'}`);
    const known = select(keys, kid, algorithm);
    if (known.length > 0 || kid === undefined) return known;
    await this.#fetchForUnknownKid();
    return select(this.#usable ?? [], kid, algorithm);
  }

  health(): Health {
    if (this.#failure === undefined)
      return this.#keys === undefined ? { status: 'down', detail: 'its JWKS is not fetched yet' } : { status: 'up' };
    return { status: 'down', detail: `its JWKS ${this.#failure}` };
  }

  /** @returns `undefined` where there are none at hand */
  get state(): KeysState | undefined {
    const keys = this.#keys;
    return keys === undefined ? undefined : { count: keys.list.length, age: this.options.clock.monotonic() - keys.fetchedAt };
  }

  close(): void {
    this.#cancelNext();
    this.#abort.abort();
  }

  get #usable(): readonly VerificationKey[] | undefined {
    const keys = this.#keys;
    return keys !== undefined && this.options.clock.monotonic() - keys.fetchedAt < STALE_LIMIT ? keys.list : undefined;
  }

  async #fetchForUnknownKid(): Promise<void> {
    const now = this.options.clock.monotonic();
    if (this.#fetching === undefined && now - this.#unknownKidFetchAt < UNKNOWN_KID_COOL_DOWN) return;
    if (this.#fetching === undefined) this.#unknownKidFetchAt = now;
    await this.#fetch();
  }

  /** One fetch at a time; whoever asks meanwhile waits for the one under way. Never rejects. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#fetchAndPlanNext().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchAndPlanNext(): Promise<void> {
    const { clock } = this.options;
    this.#cancelNext();
    const begun = clock.monotonic();
    const wanted = await this.#attempt();
    // An issuer that lets everybody wait until the time is up is asked again at once.
    const wait = Math.max(0, withJitter(wanted) - (clock.monotonic() - begun));
    if (!this.#abort.signal.aborted) this.#cancelNext = clock.schedule(wait, () => void this.#fetch());
  }

  /** @returns milliseconds from its beginning to the next one */
  async #attempt(): Promise<number> {
    const { logger, name } = this.options;
    try {
      const cacheControl = await this.#refresh();
      if (this.#failure !== undefined) logger.info('JWKS of trusted issuer is back', { trusted_issuer: name });
      [this.#failures, this.#failure] = [0, undefined];
      return refreshDelay(cacheControl);
    } catch (error) {
      if (this.#abort.signal.aborted) return 0;
      this.#failures += 1;
      this.#failure = (error as Error).message;
      if (this.#failures === 1) logger.warn('JWKS of trusted issuer cannot be fetched', { trusted_issuer: name, problem: this.#failure });
      const max = this.#usable === undefined ? RETRY.maxWithoutKeys : RETRY.maxWithKeys;
      return Math.min(RETRY.first * 2 ** Math.min(this.#failures - 1, 16), max);
    }
  }

  /** @returns the `Cache-Control` of the answer */
  async #refresh(): Promise<string | undefined> {
    const { client, clock, allowHttp, location } = this.options;
    const { signal } = this.#abort;
    const url = await location.find(signal);
    const before = this.#keys?.url === url ? this.#keys : undefined;
    try {
      const { document, etag, cacheControl } = await client.fetchJson(url, { ...FETCH_LIMITS, allowHttp, etag: before?.etag }, signal);
      const list = document === undefined ? before?.list : readVerificationKeys(document);
      if (list === undefined) throw new UnavailableError('is not a JWK Set');
      if (list.length === 0) throw new UnavailableError('holds no usable key');
      this.#keys = { list, url, etag, fetchedAt: clock.monotonic() };
      return cacheControl;
    } catch (error) {
      location.doubt();
      throw error;
    }
  }
}

/** Keys with the very `kid` come first; those without one may be meant, since a set of one key often has none. */
function select(keys: readonly VerificationKey[], kid: string | undefined, algorithm: string): readonly VerificationKey[] {
  const fitting = keys.filter((key) => key.algorithms.includes(algorithm));
  if (kid === undefined) return fitting;
  return [...fitting.filter((key) => key.kid === kid), ...fitting.filter((key) => key.kid === undefined)];
}

function refreshDelay(cacheControl: string | undefined): number {
  const maxAge = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(cacheControl ?? '')?.[1];
  const wanted = maxAge === undefined ? REFRESH.byDefault : Number(maxAge) * 1_000;
  return Math.min(Math.max(wanted, REFRESH.min), REFRESH.max);
}

/** Up to a tenth earlier, so that replicas and issuers do not move in step; never later, so that bounds hold. */
function withJitter(delay: number): number {
  return Math.round(delay * (1 - Math.random() / 10));
}
