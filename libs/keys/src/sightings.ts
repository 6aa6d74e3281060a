import type { KeyRing } from './key-ring.js';
import { stateOf } from './key-ring.js';

/** When this replica saw what of a key, in monotonic milliseconds, so that no clock that is set makes it seem longer or shorter ago. */
export class Sightings {
  /** Since when it is seen that every replica publishes it. */
  readonly #complete = new Map<string, number>();
  readonly #signing = new Map<string, number>();
  readonly #former = new Map<string, number>();
  /** When it was last in use elsewhere. */
  readonly #used = new Map<string, number>();
  /** Wall-clock milliseconds at which the last token that it signed here expires. */
  readonly #lastExpiry = new Map<string, number>();

  /**
   * Notes what is in a ring.
   * @param now monotonic; `steadyNow` the same since the epoch: how long ago something was that happened before this process began, or elsewhere
   */
  look(ring: KeyRing, now: number, steadyNow: number, isFirstLook: boolean): void {
    for (const key of ring.keys) {
      if (key.signs_from !== undefined) {
        // Only what was there at the start is as old as it says; what changes since is seen to change.
        note(this.#signing, key.kid, isFirstLook ? now - Math.max(0, steadyNow - key.signs_from) : now);
      }
      if (stateOf(key) === 'former') note(this.#former, key.kid, now);
    }
    const kids = new Set(ring.keys.map(({ kid }) => kid));
    for (const map of [this.#complete, this.#signing, this.#former, this.#used, this.#lastExpiry]) {
      for (const kid of map.keys()) if (!kids.has(kid)) map.delete(kid);
    }
  }

  /** Every replica publishes it, or some does not. When one began to that did not is known only from when it was seen to. */
  published(kid: string, byAll: boolean, now: number): void {
    if (byAll) note(this.#complete, kid, now);
    else this.#complete.delete(kid);
  }

  usedElsewhere(kid: string, now: number): void {
    this.#used.set(kid, now);
  }

  /** @param expiry of a token it signed, wall-clock milliseconds */
  signed(kid: string, expiry: number): void {
    if (expiry > (this.#lastExpiry.get(kid) ?? 0)) this.#lastExpiry.set(kid, expiry);
  }

  completeSince(kid: string): number | undefined {
    return this.#complete.get(kid);
  }

  signingSince(kid: string): number | undefined {
    return this.#signing.get(kid);
  }

  /** When it was last seen in use, here or elsewhere, before or after another one took its place. */
  lastUse(kid: string): number | undefined {
    const former = this.#former.get(kid);
    return former === undefined ? undefined : Math.max(former, this.#used.get(kid) ?? former);
  }

  lastExpiry(kid: string): number {
    return this.#lastExpiry.get(kid) ?? 0;
  }
}

function note(map: Map<string, number>, kid: string, at: number): void {
  if (!map.has(kid)) map.set(kid, at);
}
