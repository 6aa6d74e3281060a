import type { KMS } from '@aws-sdk/client-kms';
import { ParsecError, hasCode, type Clock, type Health } from '@parsec/plugin-sdk';
import { AttemptTimeout, isRefusal, kmsFailure, type KmsFailure } from './kms-failure.js';
import type { AwsKmsKeyManagerOptions } from './options.js';
import { abortable, delay } from './waiting.js';

const MAX_ATTEMPTS = 3;
/** Many times what KMS takes; three attempts fit into the five seconds that a token may wait for its signature. */
const TIMEOUT = 1_500;
/** For what must not be tried again: only its answer tells what was done. */
const TIMEOUT_OF_ONE = 10_000;
/** The longest first pause; each further one may be twice as long. */
const FIRST_PAUSE = 100;

const UP: Health = { status: 'up' };

/** What a call needs beside the request itself. */
export interface KmsCall {
  /** As the KMS API and IAM name it, such as `Sign`. */
  readonly operation: string;
  /** The key or alias concerned, in words, for errors. */
  readonly about: string;
  readonly signal: AbortSignal;
  /** Doing it twice would do harm: it is tried again only where KMS certainly has not done it. Default: `false`. */
  readonly once?: boolean;
  /** An exception that passes in this call, because what it refers to was made a moment ago. */
  readonly passing?: string;
}

/** The KMS API with bounded retries of its own: those of the SDK keep their timers after an abort, and a budget that a busy service can use up. */
export class Kms {
  readonly #client: KMS;
  readonly #clock: Clock;
  readonly #running = new Set<AbortController>();
  #closed = false;
  #health: Health = { status: 'down', detail: 'KMS has not answered yet' };

  private constructor(client: KMS, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Loads the SDK and makes a client, without asking KMS anything; for a region that nobody names, the SDK asks the instance metadata.
   * @throws ParsecError `PARSEC_KEY_INVALID` where no region is known
   */
  static async open({ region, endpoint }: AwsKmsKeyManagerOptions, clock: Clock): Promise<Kms> {
    const sdk = await import('@aws-sdk/client-kms');
    const client = new sdk.KMS({
      maxAttempts: 1,
      retryMode: 'standard',
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    try {
      await client.config.region();
    } catch {
      client.destroy();
      throw new ParsecError('PARSEC_KEY_INVALID', 'no AWS region is known: set the option region, or AWS_REGION');
    }
    return new Kms(client, clock);
  }

  /** By the last call that ended. */
  get health(): Health {
    return this.#health;
  }

  /**
   * @param send makes one request with the signal it is given
   * @throws UnavailableError where KMS cannot be reached, does not answer, throttles, or takes no credentials; KmsRefusal; the reason of `signal` when that aborts
   */
  async call<Output>(call: KmsCall, send: (client: KMS, http: { abortSignal: AbortSignal }) => Promise<Output>): Promise<Output> {
    call.signal.throwIfAborted();
    if (this.#closed) throw closed();
    const running = new AbortController();
    const abort = (): void => running.abort(call.signal.reason);
    call.signal.addEventListener('abort', abort, { once: true });
    this.#running.add(running);
    let failure: KmsFailure | undefined;
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const output = await this.#attempt(call, running.signal, (abortSignal) => send(this.#client, { abortSignal }));
          failure = undefined;
          this.#health = UP;
          return output;
        } catch (error) {
          running.signal.throwIfAborted();
          failure = kmsFailure(call.operation, call.about, error);
          if (attempt === MAX_ATTEMPTS || !isWorthAnother(call, failure)) throw failure.error;
        }
        // Full jitter, so that replicas which were throttled together do not come back together.
        await delay(this.#clock, Math.random() * FIRST_PAUSE * 2 ** (attempt - 1), running.signal);
      }
    } finally {
      // Also where the caller gave up between two attempts; but that it gave up says nothing of KMS.
      if (failure !== undefined) this.#health = healthAfter(failure.error);
      call.signal.removeEventListener('abort', abort);
      this.#running.delete(running);
    }
  }

  /** Ends every call that runs, and every connection. Closing twice is safe. */
  close(): void {
    this.#closed = true;
    for (const running of this.#running) running.abort(closed());
    this.#client.destroy();
  }

  async #attempt<Output>({ once }: KmsCall, signal: AbortSignal, send: (signal: AbortSignal) => Promise<Output>): Promise<Output> {
    const timeout = new AbortController();
    const cancel = this.#clock.schedule(once === true ? TIMEOUT_OF_ONE : TIMEOUT, () => timeout.abort(new AttemptTimeout()));
    try {
      const ended = AbortSignal.any([signal, timeout.signal]);
      // The SDK heeds the signal while it talks to KMS, but not while it looks for credentials.
      return await abortable(send(ended), ended);
    } finally {
      cancel();
    }
  }
}

function isWorthAnother({ once, passing }: KmsCall, { again, error }: KmsFailure): boolean {
  if (again === 'never') return passing !== undefined && isRefusal(error, passing);
  return again === 'not_done' || once !== true;
}

/** A refusal is an answer, unless it is one that signing will meet too. */
function healthAfter(error: unknown): Health {
  const isDown = hasCode(error, 'PARSEC_UNAVAILABLE') || isRefusal(error, 'AccessDeniedException', 'DisabledException');
  return isDown ? { status: 'down', detail: (error as Error).message } : UP;
}

function closed(): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', 'the key manager is closed');
}
