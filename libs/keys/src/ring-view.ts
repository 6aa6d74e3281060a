import { hasCode, isJsonObject, type JsonValue, type PluginLogger } from '@parsec/plugin-sdk';
import type { SharedDocument, SharedView } from '@parsec/state';
import { EMPTY_RING, merge, readKeyRing, stateOf, type KeyRing, type RingKey } from './key-ring.js';

/** What a replica tells the others at every turn. */
export interface Presence {
  /** Changes at every turn: who has nothing new to say for long is gone, or cut off. */
  readonly beat: number;
  /** `kid`s of the key it signs with, and of those of which it knows a token that has not expired. */
  readonly uses: readonly string[];
  /** It has stopped, and answers nobody any more. */
  readonly left?: true;
  /** `kid`s of keys that do not sign yet and that its JWKS holds. */
  readonly publishes: readonly string[];
}

export interface RingViewSettings {
  readonly signer: string;
  /** The name of the ring that this replica changes. */
  readonly own: string;
  /** Whether other replicas change it too. */
  readonly isShared: boolean;
  /** The name of this replica. */
  readonly replica: string;
  /** How long a replica may be silent before nobody waits for it, milliseconds. */
  readonly replicaTimeout: number;
  /** How long tokens need the keys that signed them, milliseconds. */
  readonly retention: number;
  readonly logger: PluginLogger;
}

/** How long the keys of a ring stay that vanished. Milliseconds. */
const VANISHED = 24 * 3_600_000;

interface Seen {
  readonly ring: KeyRing;
  readonly text: string;
  /** When it was found missing. */
  readonly goneAt?: number;
}

/** What this replica knows of all the rings of a signer, its own among them, and of the replicas that publish them. */
export class RingView {
  readonly #settings: RingViewSettings;
  #own: KeyRing = EMPTY_RING;
  #ownDocument: SharedDocument | undefined;
  /** The store has another or no ring in the place of ours, and must be told. */
  #mustWrite = false;
  readonly #revoked = new Set<string>();
  #others: ReadonlyMap<string, Seen> = new Map();
  #presences: ReadonlyMap<string, { readonly presence: Presence; readonly changedAt: number }> = new Map();

  constructor(settings: RingViewSettings) {
    this.#settings = settings;
  }

  get own(): KeyRing {
    return this.#own;
  }

  /** What is in the store in the place of our ring; `undefined` for nothing. */
  get ownDocument(): SharedDocument | undefined {
    return this.#ownDocument;
  }

  get mustWrite(): boolean {
    return this.#mustWrite;
  }

  /** The rings of others, by name. */
  get others(): ReadonlyMap<string, KeyRing> {
    return new Map([...this.#others].map(([name, { ring }]) => [name, ring]));
  }

  /** `kid`s that some ring calls revoked, or ever did: who puts back an earlier ring does not take that back. */
  get revoked(): ReadonlySet<string> {
    for (const ring of [this.#own, ...this.others.values()]) for (const kid of ring.revoked) this.#revoked.add(kid);
    return this.#revoked;
  }

  /** Every key that verifies something, or will: ours first, and of each ring the one that signs. */
  get keys(): readonly RingKey[] {
    const { revoked } = this;
    const all = [this.#own, ...this.others.values()].flatMap((ring) => [
      ...ring.keys.filter((key) => stateOf(key) === 'signing'),
      ...ring.keys.filter((key) => stateOf(key) === 'next'),
      ...ring.keys.filter((key) => stateOf(key) === 'former').toReversed(),
    ]);
    return [...new Map(all.map((key) => [key.kid, key])).values()].filter(({ kid }) => !revoked.has(kid));
  }

  /** Whether some ring is about to have the signer's very first key, which will sign at once. */
  get awaitsFirst(): boolean {
    return [this.#own, ...this.others.values()].some((ring) => ring.first === true);
  }

  /** Whether no ring has a key that signs, or will. */
  get isWithoutKeys(): boolean {
    return this.keys.every((key) => stateOf(key) === 'former');
  }

  /** How long verifiers may keep what any replica published, milliseconds. */
  get longestMaxAge(): number {
    return Math.max(...[this.#own, ...this.others.values()].map((ring) => ring.max_age));
  }

  /** Takes our ring as it was written. */
  wrote(ring: KeyRing, document: SharedDocument): void {
    this.#own = ring;
    this.#ownDocument = document;
    this.#mustWrite = false;
  }

  /**
   * Takes what the store holds now.
   * @param now monotonic milliseconds; `steadyNow` the same since the epoch
   * @throws ParsecError `PARSEC_STATE_INVALID` where our ring is not one
   */
  async absorb({ documents, replicas }: SharedView, now: number, steadyNow: number): Promise<void> {
    // Before anything takes the place of what said so.
    void this.revoked;
    await this.#absorbOwn(documents.get(this.#settings.own), steadyNow);
    const others = new Map<string, Seen>();
    for (const [name, document] of documents) {
      if (name === this.#settings.own) continue;
      const seen = await this.#readOther(name, document);
      if (seen === undefined) continue;
      others.set(name, seen);
      const before = this.#others.get(name);
      // A replica that begins anew does not take back what it signed.
      if (before !== undefined && before.ring.id !== seen.ring.id) others.set(before.ring.id, { ...before, goneAt: before.goneAt ?? now });
    }
    for (const [name, seen] of this.#others) {
      // A store that lost its data, or a lease that ended while the store was out: its replica may well be signing on, unless it said that it left.
      const goneAt = seen.goneAt ?? now;
      const hasLeft = readPresence(replicas.get(name.replace(/^ring:/, '')) ?? null)?.left === true;
      if (!others.has(name) && now - goneAt < (hasLeft ? this.#settings.retention : VANISHED)) others.set(name, { ...seen, goneAt });
    }
    this.#others = others;
    this.#absorbPresences(replicas, now);
  }

  /** Whether every other replica that may answer a verifier publishes a key that does not sign yet. */
  isPublishedByAll(kid: string, now: number): boolean {
    const live = [...this.#presences.values()].filter(({ changedAt }) => now - changedAt < this.#settings.replicaTimeout);
    return live.every(({ presence }) => presence.publishes.includes(kid));
  }

  /** Whether another replica said at last that it uses a key, however long ago: one that is cut off does so still. */
  isUsedElsewhere(kid: string): boolean {
    return [...this.#presences.values()].some(({ presence }) => presence.uses.includes(kid));
  }

  #absorbPresences(replicas: SharedView['replicas'], now: number): void {
    const { replica, replicaTimeout } = this.#settings;
    const before = this.#presences;
    // Who is not there any more did not say that it left: the store lost it, and it may answer verifiers all the same.
    const presences = new Map([...before].filter(([name, { changedAt }]) => !replicas.has(name) && now - changedAt < replicaTimeout));
    for (const [name, value] of replicas) {
      const presence = readPresence(value);
      if (name === replica || presence === undefined || presence.left === true) continue;
      const known = before.get(name);
      presences.set(name, { presence, changedAt: known?.presence.beat === presence.beat ? known.changedAt : now });
    }
    this.#presences = presences;
  }

  async #absorbOwn(stored: SharedDocument | undefined, steadyNow: number): Promise<void> {
    const { isShared, retention, logger, own: name } = this.#settings;
    if (stored?.text === this.#ownDocument?.text) return;
    if (stored === undefined) {
      this.#ownDocument = undefined;
      this.#mustWrite = this.#own.version > 0;
      return;
    }
    const ring = await readKeyRing(stored.value, this.#settings.signer);
    if (this.#own.version > 0 && !isShared) {
      logger.error('somebody else changes the keys of this replica: two replicas have the same name, or the same directory', {
        ring: name,
      });
    }
    this.#ownDocument = stored;
    // Another ring in the place of ours was begun by somebody who found none.
    this.#mustWrite = this.#own.version > 0 && (ring.version <= this.#own.version || ring.id !== this.#own.id);
    this.#own = this.#mustWrite ? merge(this.#own, ring, steadyNow, retention) : ring;
  }

  async #readOther(name: string, document: SharedDocument): Promise<Seen | undefined> {
    const before = this.#others.get(name);
    if (before?.text === document.text) return { ring: before.ring, text: before.text };
    try {
      const ring = await readKeyRing(document.value, this.#settings.signer);
      // Somebody who can write to the store may put back what was there earlier.
      const isEarlier = before !== undefined && before.ring.id === ring.id && ring.version < before.ring.version;
      return isEarlier ? before : { ring, text: document.text };
    } catch (error) {
      if (!hasCode(error, 'PARSEC_STATE_INVALID')) throw error;
      this.#settings.logger.error('ignored keys of another replica', { ring: name, problem: (error as Error).message });
      return before;
    }
  }
}

function readPresence(value: JsonValue): Presence | undefined {
  const { beat, uses, publishes } = value as Partial<Presence>;
  const isPresence = isJsonObject(value) && typeof beat === 'number' && Array.isArray(uses) && Array.isArray(publishes);
  return isPresence ? (value as unknown as Presence) : undefined;
}
