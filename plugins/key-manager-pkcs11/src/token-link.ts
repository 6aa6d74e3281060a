import { hasCode, UnavailableError, type Clock, type Health, type KeyType, type PluginLogger } from '@parsec/plugin-sdk';
import { cryptokiFailure, isConnectionLoss } from './cryptoki-error.js';
import type { Session } from './cryptoki.js';
import type { TokenConnection } from './token-connection.js';

/** Milliseconds. Connecting holds up the process while it lasts, so it is not tried more often than this. */
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;

/** One thing to be done with the token. */
export interface Operation<Result> {
  /** In words, after "could not". */
  readonly doing: string;
  /** Whether it may be done twice: it is, where it failed and the connection was made anew meanwhile. */
  readonly repeatable: boolean;
  run(session: Session): Promise<Result>;
}

/**
 * The connection with a token, made anew when it is lost. A refusal, such as a wrong PIN, is final: tokens lock themselves after a few,
 * so it is never tried again.
 */
export class TokenLink {
  readonly #connect: () => TokenConnection;
  readonly #clock: Clock;
  readonly #logger: PluginLogger;
  #connection: TokenConnection | undefined;
  #problem: Error = new UnavailableError('the token was not looked for yet');
  #lastAttempt = Number.NEGATIVE_INFINITY;
  #retryDelay = FIRST_RETRY;
  #cancelRetry: () => void = () => {};

  constructor(connect: () => TokenConnection, clock: Clock, logger: PluginLogger) {
    this.#connect = connect;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The types of key that the token offers; `undefined` while there is no connection. */
  get keyTypes(): readonly KeyType[] | undefined {
    return this.#connection?.keyTypes;
  }

  /** Connects. Where the token is out, it tries again by itself. @throws what is final */
  open(): void {
    this.#tryToConnect();
    if (this.#connection === undefined && !hasCode(this.#problem, 'PARSEC_UNAVAILABLE')) throw this.#problem;
  }

  health(): Health {
    if (this.#connection === undefined) return { status: 'down', detail: this.#problem.message };
    return this.#connection.sessions.isStuck ? { status: 'down', detail: 'the token does not return from any session' } : { status: 'up' };
  }

  /** @throws UnavailableError where there is no connection, or it is lost meanwhile; `PARSEC_KEY_INVALID` where the token refuses; the reason of `signal` when that aborts */
  async use<Result>(signal: AbortSignal, operation: Operation<Result>): Promise<Result> {
    signal.throwIfAborted();
    const connection = this.#connected();
    try {
      return await connection.sessions.use(signal, operation.run);
    } catch (error) {
      if (isConnectionLoss(error)) this.#lose(connection, error);
      const isRenewed = this.#connection !== undefined && this.#connection !== connection;
      if (!operation.repeatable || !isRenewed) throw cryptokiFailure(operation.doing, error);
      return this.use(signal, { ...operation, repeatable: false });
    }
  }

  /** Closing twice is safe. */
  close(): void {
    this.#cancelRetry();
    this.#connection?.sessions.close();
    this.#connection = undefined;
    this.#problem = new UnavailableError('the key manager is closed');
  }

  #connected(): TokenConnection {
    if (this.#connection === undefined) throw this.#problem;
    return this.#connection;
  }

  #lose(connection: TokenConnection, error: unknown): void {
    // Many operations may notice the same loss.
    if (this.#connection !== connection) return;
    connection.sessions.close();
    this.#connection = undefined;
    this.#problem = cryptokiFailure('use the token', error) as Error;
    this.#logger.warn('lost the connection with the token', { problem: this.#problem.message });
    const wait = this.#lastAttempt + FIRST_RETRY - this.#clock.monotonic();
    if (wait <= 0) this.#tryToConnect();
    else this.#retryAfter(wait);
  }

  #tryToConnect(): void {
    this.#lastAttempt = this.#clock.monotonic();
    try {
      this.#connection = this.#connect();
      this.#retryDelay = FIRST_RETRY;
      this.#logger.info('connected with the token', { key_types: this.#connection.keyTypes });
    } catch (error) {
      this.#problem = error as Error;
      if (!hasCode(error, 'PARSEC_UNAVAILABLE')) {
        this.#logger.error('the token refuses; this is not tried again', { problem: this.#problem.message });
        return;
      }
      this.#logger.warn('the token is out', { problem: this.#problem.message, retry_in_ms: this.#retryDelay });
      this.#retryAfter(this.#retryDelay);
      this.#retryDelay = Math.min(this.#retryDelay * 2, LONGEST_RETRY);
    }
  }

  #retryAfter(delay: number): void {
    this.#cancelRetry = this.#clock.schedule(delay, () => this.#tryToConnect());
  }
}
