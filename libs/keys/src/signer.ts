import { hasCode, UnavailableError, type JsonObject, type JWK } from '@parsec/plugin-sdk';
import { callWithDeadline } from '@parsec/resilience';
import { loadSignerKeys, type SignerKeys, type SignerSettings } from './signer-keys.js';

const SIGN_DEADLINE = 5_000;
/** Listing, perhaps making, and proving a key. */
const LOAD_DEADLINE = 15_000;
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;

/**
 * One configured signer: the key in force, and the public keys that verify what it signs and signed.
 * While its key manager is out it is not ready, and tries again by itself until it is closed.
 */
export class Signer {
  readonly #settings: SignerSettings;
  readonly #closing = new AbortController();
  #keys: SignerKeys | undefined;
  #cancelRetry: () => void = () => {};
  #retry: Promise<void> = Promise.resolve();

  private constructor(settings: SignerSettings) {
    this.#settings = settings;
  }

  /**
   * Opens a signer; close it with {@link close} before its key manager. A key manager that is out leaves it open and not ready.
   * @throws ParsecError `PARSEC_KEY_INVALID` where the key is missing and cannot be made, or signs wrongly; whatever else the key manager throws
   */
  static async open(settings: SignerSettings): Promise<Signer> {
    const signer = new Signer(settings);
    try {
      await signer.#load();
    } catch (error) {
      if (!hasCode(error, 'PARSEC_UNAVAILABLE')) throw error;
      signer.#retryAfter(FIRST_RETRY, error);
    }
    return signer;
  }

  get name(): string {
    return this.#settings.name;
  }

  /** Whether it has a key that was proved. */
  get ready(): boolean {
    return this.#keys !== undefined;
  }

  /** The public keys to publish: the one in force, then former ones. Empty until ready; another array whenever it changes. */
  get publicKeys(): readonly JWK[] {
    return this.#keys?.publicKeys ?? NO_KEYS;
  }

  /**
   * Signs a Txn-Token.
   * @param payload the claims
   * @returns a compact JWS whose header holds `typ`, `alg` and `kid`
   * @throws UnavailableError where it is not ready, or its key manager fails or does not answer within 5 s; the reason of `signal` when that aborts
   */
  async sign(payload: JsonObject, signal: AbortSignal): Promise<string> {
    const { name } = this.#settings;
    const key = this.#keys?.signing;
    if (key === undefined) throw new UnavailableError(`signer "${name}" has no key yet`, { reason: 'signer_not_ready' });
    try {
      return await callWithDeadline((context) => key.sign(JSON.stringify(payload), context), {
        milliseconds: SIGN_DEADLINE,
        signal,
        what: `the key manager of signer "${name}"`,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new UnavailableError(`signer "${name}" could not sign`, { reason: 'signing_failed', cause: error });
    }
  }

  /** Stops trying for a key. Closing twice is safe. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelRetry();
    await this.#retry;
  }

  async #load(): Promise<void> {
    const { name, logger } = this.#settings;
    const keys = await callWithDeadline((context) => loadSignerKeys(this.#settings, context), {
      milliseconds: LOAD_DEADLINE,
      signal: this.#closing.signal,
      what: `the key manager of signer "${name}"`,
    });
    this.#keys = keys;
    logger.info('signer is ready', { signer: name, kid: keys.signing.kid });
  }

  #retryAfter(delay: number, error: unknown): void {
    const { clock, logger, name } = this.#settings;
    logger.warn('signer has no key yet', { signer: name, retry_in_ms: delay, problem: messageOf(error) });
    this.#cancelRetry = clock.schedule(delay, () => {
      this.#retry = this.#load().catch((again: unknown) => {
        // What would have stopped the start is only told here: the service is already up, and not ready.
        if (!this.#closing.signal.aborted) this.#retryAfter(Math.min(delay * 2, LONGEST_RETRY), again);
      });
    });
  }
}

const NO_KEYS: readonly JWK[] = Object.freeze([]);

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}
