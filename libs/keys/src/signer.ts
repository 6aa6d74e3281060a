import { hasCode, KEY_TYPE_OF, ParsecError, UnavailableError, type Health, type JsonObject, type JWK } from '@parsec/plugin-sdk';
import { callWithDeadline } from '@parsec/resilience';
import { KeyRotation } from './key-rotation.js';
import type { KeySchedule, KeyStatus } from './key-status.js';
import { messageOf } from './message-of.js';
import { Pulse } from './pulse.js';
import type { SignerSettings } from './signer-settings.js';

const SIGN_DEADLINE = 5_000;
/** A key that fails to sign for this long does not count as one. Milliseconds. */
const FAILING_TOO_LONG = 10_000;
/** How long an answer waits for a look at what others stored. Milliseconds. */
const LOOK_DEADLINE = 2_000;

/**
 * One configured signer: signs tokens, and shows the keys that verify them. Its keys rotate by themselves until it is closed.
 * While its key manager is out it is not ready, and tries again.
 */
export class Signer {
  readonly #settings: SignerSettings;
  readonly #closing = new AbortController();
  readonly #rotation: KeyRotation;
  #cancelTurn: () => void = () => {};
  /** Where others store something: a process that stood still must look at that before it answers. */
  readonly #pulse: Pulse | undefined;
  #look: Promise<void> | undefined;
  #failingSince: number | undefined;
  #wasReady = false;

  private constructor(settings: SignerSettings) {
    this.#settings = settings;
    this.#rotation = new KeyRotation(settings, this.#closing.signal, () => this.#afterTurn());
    this.#pulse = settings.documents.shared ? new Pulse(settings.clock) : undefined;
  }

  /**
   * Opens a signer; close it with {@link close} before its key managers. A key manager that is out leaves it open and not ready.
   * @throws ParsecError `PARSEC_KEY_INVALID` where it has no key and none can be made, or what it has signs wrongly;
   *   `PARSEC_STATE_INVALID` where what is stored of its keys is damaged
   */
  static async open(settings: SignerSettings): Promise<Signer> {
    const { name, algorithm, keyManagers, keyManager } = settings;
    const type = KEY_TYPE_OF[algorithm];
    if (keyManagers.get(keyManager)?.keyTypes.includes(type) !== true) {
      throw new ParsecError('PARSEC_KEY_INVALID', `signer "${name}" needs a key of type ${type}, which its key manager cannot make`);
    }
    const signer = new Signer(settings);
    await signer.#rotation.settle();
    const { failure } = signer.#rotation;
    if (!signer.ready && failure !== undefined && !hasCode(failure, 'PARSEC_UNAVAILABLE')) {
      await signer.close();
      if (!hasCode(failure, 'PARSEC_STATE_INVALID')) throw failure;
      throw new ParsecError('PARSEC_STATE_INVALID', `signer "${name}": ${(failure as Error).message}`, { cause: failure });
    }
    return signer;
  }

  get name(): string {
    return this.#settings.name;
  }

  /** Whether it has a published key that was proved and signs. */
  get ready(): boolean {
    return this.#rotation.signing !== undefined && !this.#rotation.isSuspect;
  }

  health(): Health {
    if (this.ready) return { status: 'up' };
    const { failure, isSuspect } = this.#rotation;
    if (failure !== undefined) return { status: 'down', detail: messageOf(failure) };
    return { status: 'down', detail: isSuspect ? 'its key fails to sign' : 'none of its keys may sign yet' };
  }

  /** The public keys to publish: the one in force first. Another array whenever it changes. */
  get publicKeys(): readonly JWK[] {
    return this.#rotation.publicKeys;
  }

  /** Whether it knows what is to be published. */
  get isSynced(): boolean {
    return this.#rotation.isSynced;
  }

  /** Whether verifiers may keep what is published. */
  get isCacheable(): boolean {
    return this.#rotation.isCacheable;
  }

  /** `undefined` while there is no key in force. */
  get schedule(): KeySchedule | undefined {
    return this.#rotation.schedule;
  }

  /** Its keys as operators see them. */
  status(): readonly KeyStatus[] {
    return this.#rotation.status();
  }

  /**
   * Signs a Txn-Token.
   * @param payload the claims
   * @returns a compact JWS whose header holds `typ`, `alg` and `kid`
   * @throws UnavailableError where it is not ready, or its key manager fails or does not answer within 5 s; the reason of `signal` when that aborts
   */
  async sign(payload: JsonObject, signal: AbortSignal): Promise<string> {
    const { name, clock, observer } = this.#settings;
    await this.refresh();
    const key = this.#rotation.signing;
    if (key === undefined) throw new UnavailableError(`signer "${name}" has no key that may sign`, { reason: 'signer_not_ready' });
    const begun = clock.monotonic();
    try {
      const token = await callWithDeadline((context) => key.sign(JSON.stringify(payload), context), {
        milliseconds: SIGN_DEADLINE,
        signal,
        what: `the key manager of signer "${name}"`,
      });
      observer.signed(key.keyManagerName, clock.monotonic() - begun);
      this.#failingSince = undefined;
      this.#rotation.signed(key.kid, Number(payload['exp'] ?? 0) * 1_000);
      return token;
    } catch (error) {
      if (signal.aborted) throw error;
      observer.failed(key.keyManagerName, 'sign');
      this.#failingSince ??= begun;
      if (hasCode(error, 'PARSEC_KEY_INVALID') || clock.monotonic() - this.#failingSince >= FAILING_TOO_LONG)
        this.#rotation.suspect(key.kid);
      throw new UnavailableError(`signer "${name}" could not sign`, { reason: 'signing_failed', cause: error });
    }
  }

  /** Looks at what other replicas stored, where this process stood still. Never fails, and takes 2 s at most. */
  async refresh(): Promise<void> {
    if (this.#pulse?.stoodStill === true) {
      this.#pulse.forget();
      this.#look ??= this.#rotation.turn().finally(() => {
        this.#look = undefined;
      });
    }
    const look = this.#look;
    if (look === undefined) return;
    await callWithDeadline(() => look, { milliseconds: LOOK_DEADLINE, signal: this.#closing.signal, what: 'the shared state' }).catch(
      () => {},
    );
  }

  /** Asks for another key; it signs as soon as it was published for long enough. */
  rotate(): Promise<void> {
    return this.#rotation.rotate();
  }

  /**
   * Takes a key out of what is published, at once and for good, and has another one made.
   * @returns `false` where it has no such key
   * @throws UnavailableError where that could not be stored
   */
  revoke(kid: string): Promise<boolean> {
    return this.#rotation.revoke(kid);
  }

  /** Ends the rotation. Closing twice is safe. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#cancelTurn();
    this.#pulse?.stop();
    await this.#rotation.leave();
  }

  #afterTurn(): void {
    const { clock, logger, name } = this.#settings;
    this.#cancelTurn();
    if (this.#closing.signal.aborted) return;
    this.#cancelTurn = clock.schedule(this.#rotation.wait, () => void this.#rotation.turn());
    if (this.ready && !this.#wasReady) logger.info('signer is ready', { signer: name, kid: this.#rotation.signing?.kid });
    if (!this.ready && this.#wasReady) logger.error('signer cannot sign', { signer: name });
    this.#wasReady = this.ready;
  }
}
