import { UnavailableError } from '@parsec/plugin-sdk';

/** Stands for whatever the plugins of the proofs depend on. */
class Remote {
  #mode: 'up' | 'stalled' | 'failing' = 'up';

  /** Settles as a call over a network would. */
  async answer(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#mode === 'failing') throw new UnavailableError('the remote is out');
    if (this.#mode === 'up') return;
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  readonly whileStalled = (calls: () => Promise<void>): Promise<void> => this.#while('stalled', calls);
  readonly whileFailing = (calls: () => Promise<void>): Promise<void> => this.#while('failing', calls);

  async #while(mode: 'stalled' | 'failing', calls: () => Promise<void>): Promise<void> {
    this.#mode = mode;
    await calls().finally(() => {
      this.#mode = 'up';
    });
  }
}

export const remote = new Remote();
