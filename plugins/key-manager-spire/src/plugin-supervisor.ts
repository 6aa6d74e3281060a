import { hasCode, UnavailableError, type Clock, type Health, type PluginLogger } from '@parsec/plugin-sdk';
import type { RunningPlugin } from './running-plugin.js';
import { untilAborted } from './until-aborted.js';

/** Milliseconds that opening waits for a plugin: long enough to hear that it refuses its configuration. */
const OPENING = 10_000;
/** Milliseconds before the first restart; each failure in a row doubles it. */
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;
/** Milliseconds after which a run counts as good, and failures in a row begin anew. */
const GOOD_RUN = 60_000;

/** Keeps one plugin running: starts it again, ever later, when it ends or cannot be started. */
export class PluginSupervisor {
  readonly #closing = new AbortController();
  #plugin: RunningPlugin | undefined;
  #trouble = 'the plugin is starting';
  #isOpening = false;
  #failures = 0;
  #attempt: Promise<void> = Promise.resolve();
  #cancelRestart: () => void = () => {};

  constructor(
    private readonly start: (signal: AbortSignal) => Promise<RunningPlugin>,
    private readonly clock: Clock,
    private readonly logger: PluginLogger,
  ) {}

  /**
   * Starts the plugin for the first time. Resolves also where it is slow, or ends, which a later start may mend.
   * @throws ParsecError `PARSEC_KEY_INVALID` where no later start will do better
   */
  async open(): Promise<void> {
    const patience = new AbortController();
    const cancel = this.clock.schedule(OPENING, () => patience.abort());
    this.#isOpening = true;
    const first = this.#startOnce();
    try {
      await untilAborted(first, AbortSignal.any([patience.signal, this.#closing.signal]));
    } catch (error) {
      if (hasCode(error, 'PARSEC_KEY_INVALID')) throw error;
    } finally {
      this.#isOpening = false;
      cancel();
    }
  }

  /** @throws UnavailableError where there is none that runs */
  get plugin(): RunningPlugin {
    if (this.#plugin === undefined) throw new UnavailableError(this.#trouble);
    return this.#plugin;
  }

  health(): Health {
    if (this.#plugin === undefined) return { status: 'down', detail: this.#trouble };
    return this.#plugin.isWell ? { status: 'up' } : { status: 'down', detail: 'the plugin does not answer its health checks' };
  }

  /** Stops the plugin; resolves once nothing of it is left. Closing twice is safe. */
  async close(): Promise<void> {
    this.#closing.abort(new UnavailableError('the key manager is closed'));
    this.#trouble = 'the key manager is closed';
    this.#cancelRestart();
    await this.#attempt;
    const plugin = this.#plugin;
    this.#plugin = undefined;
    await plugin?.stop(this.clock);
  }

  #startOnce(): Promise<void> {
    const started = this.#run();
    this.#attempt = started.catch(() => {});
    return started;
  }

  async #run(): Promise<void> {
    try {
      const plugin = await this.start(this.#closing.signal);
      this.#plugin = plugin;
      this.logger.info('the plugin is ready', { pid: plugin.pid });
      void this.#restartAfter(plugin);
    } catch (error) {
      const isFatal = this.#isOpening && hasCode(error, 'PARSEC_KEY_INVALID');
      if (!isFatal) this.#restartLater((error as Error).message);
      throw error;
    }
  }

  async #restartAfter(plugin: RunningPlugin): Promise<void> {
    const since = this.clock.monotonic();
    const how = await plugin.ended;
    if (this.clock.monotonic() - since >= GOOD_RUN) this.#failures = 0;
    this.#restartLater(how);
  }

  #restartLater(trouble: string): void {
    if (this.#closing.signal.aborted) return;
    this.#plugin = undefined;
    this.#trouble = trouble;
    // Half of it by chance, so that several that fell together do not rise together.
    const delay = Math.min(FIRST_DELAY * 2 ** this.#failures, LONGEST_DELAY) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.logger.error(trouble, { restart_in_ms: Math.round(delay) });
    this.#cancelRestart = this.clock.schedule(delay, () => void this.#startOnce().catch(() => {}));
  }
}
