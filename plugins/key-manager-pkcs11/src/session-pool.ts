import { UnavailableError } from '@parsec/plugin-sdk';
import { CKR_SESSION_COUNT, cryptokiCode } from './cryptoki-error.js';
import type { Session } from './cryptoki.js';
import { unlessAborted } from './unless-aborted.js';

/** How the sessions of a pool come and go. */
export interface SessionPoolSettings {
  /** How many are open at most; fewer where the token allows fewer. */
  readonly size: number;
  readonly open: () => Session;
  readonly close: (session: Session) => void;
  /** Called once, when the pool is closed and its last session too. */
  readonly onEmpty: () => void;
}

interface Waiter {
  lend(session: Session): void;
  refuse(reason: Error): void;
}

/**
 * Lends sessions, each for one operation at a time, and opens them as they are needed. A call into the library cannot be taken
 * back: an operation whose caller is gone keeps its session until the library returns, if it ever does.
 */
export class SessionPool {
  readonly #settings: SessionPoolSettings;
  readonly #idle: Session[];
  readonly #waiting = new Set<Waiter>();
  readonly #abandoned = new Set<Session>();
  #size: number;
  #open = 1;
  #closed = false;

  constructor(settings: SessionPoolSettings, first: Session) {
    this.#settings = settings;
    this.#size = settings.size;
    this.#idle = [first];
  }

  /** Whether every session is held by an operation that nobody waits for any more. */
  get isStuck(): boolean {
    return this.#abandoned.size >= this.#size;
  }

  /**
   * Runs an operation with a session of its own, waiting for one where all are in use.
   * @throws UnavailableError where the pool closes meanwhile; the reason of `signal` when that aborts; what the operation throws
   */
  async use<Result>(signal: AbortSignal, operation: (session: Session) => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    const session = this.#take() ?? (await this.#wait(signal));
    let returned = false;
    const running = this.#run(signal, session, operation).finally(() => {
      returned = true;
      this.#giveBack(session);
    });
    try {
      return await unlessAborted(running, signal);
    } finally {
      if (!returned) this.#abandoned.add(session);
    }
  }

  /** Closes every session, those in use when they come back. Closing twice is safe. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const waiter of this.#waiting) waiter.refuse(closed());
    for (const session of this.#idle.splice(0)) this.#closeOne(session);
  }

  /** A session may have been waited for until nobody wanted it any more. */
  async #run<Result>(signal: AbortSignal, session: Session, operation: (session: Session) => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    return operation(session);
  }

  #take(): Session | undefined {
    if (this.#closed) throw closed();
    const idle = this.#idle.pop();
    if (idle !== undefined || this.#open >= this.#size) return idle;
    try {
      const session = this.#settings.open();
      this.#open += 1;
      return session;
    } catch (error) {
      if (cryptokiCode(error) !== CKR_SESSION_COUNT) throw error;
      this.#size = this.#open;
      return undefined;
    }
  }

  #wait(signal: AbortSignal): Promise<Session> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiter.refuse(signal.reason as Error);
      const leave = (): void => {
        this.#waiting.delete(waiter);
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        lend(session) {
          leave();
          resolve(session);
        },
        refuse(reason) {
          leave();
          reject(reason);
        },
      };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #giveBack(session: Session): void {
    this.#abandoned.delete(session);
    const [next] = this.#waiting;
    if (this.#closed) this.#closeOne(session);
    else if (next === undefined) this.#idle.push(session);
    else next.lend(session);
  }

  #closeOne(session: Session): void {
    this.#open -= 1;
    this.#settings.close(session);
    if (this.#open === 0) this.#settings.onEmpty();
  }
}

function closed(): UnavailableError {
  return new UnavailableError('the connection with the token is closed');
}
