import { hasCode, isJsonObject, type JsonValue, type PluginLogger } from '@parsec/plugin-sdk';
import type { SharedDocument, SharedView } from '@parsec/state';
import { EMPTY_RING, merge, readKeyRing, stateOf, type KeyRing, type RingKey } from './key-ring.js';

/** What a replica does with keys, by their `kid`s. */
export type KeyUse = {
  /** The key it signs with, and those of which it knows a token that has not expired. */
  readonly uses: readonly string[];
  /** Keys that do not sign yet and that its JWKS holds. */
  readonly publishes: readonly string[];
};

/** What a replica tells the others at every turn. */
export type Presence = KeyUse & {
  /** Changes at every turn: who has nothing new to say for long is gone, or cut off. */
  readonly beat: number;
  /** It has stopped, and answers nobody any more. */
  readonly left?: true;
  /** What replicas said at last that the store lost, by their names: who starts now would not know of them. */
  readonly lost?: Readonly<Record<string, KeyUse>>;
};

interface Heard {
  readonly use: KeyUse;
  /** As it was read; `undefined` where another replica told it. */
  readonly beat?: number;
  readonly changedAt: number;
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

/** What the name of the ring of one replica begins with. */
const REPLICA_RING = 'ring:';

/** The name of the ring of one replica. */
export function ringOf(replica: string): string {
  return REPLICA_RING + replica;
}

/** Whose ring it is. */
export function replicaOf(ring: string): string {
  return ring.startsWith(REPLICA_RING) ? ring.slice(REPLICA_RING.length) : ring;
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
  readonly #missing = new Map<string, KeyRing>();
  #presences: ReadonlyMap<string, Heard> = new Map();
  #lost: Readonly<Record<string, KeyUse>> = {};

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

  /** Rings of others that the store lost together with ours, by name. Who starts now knows them from nowhere else while their replicas are cut off. */
  get missing(): ReadonlyMap<string, KeyRing> {
    return this.#missing;
  }

  /** What replicas said at last that are not in the store any more, although they did not say that they left. */
  get lost(): Readonly<Record<string, KeyUse>> {
    return this.#lost;
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
    // A single ring may be gone because its lease ended.
    const isLost = this.#own.version > 0 && !documents.has(this.#settings.own);
    await this.#absorbOwn(documents.get(this.#settings.own), steadyNow);
    for (const name of documents.keys()) this.#missing.delete(name);
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
      const hasLeft = readPresence(replicas.get(replicaOf(name)))?.left === true;
      if (others.has(name)) continue;
      if (now - goneAt < (hasLeft ? this.#settings.retention : VANISHED)) others.set(name, { ...seen, goneAt });
      if (isLost && goneAt === now && name.startsWith(REPLICA_RING)) this.#missing.set(name, seen.ring);
    }
    this.#others = others;
    this.#absorbPresences(replicas, now);
  }

  /** Whether every other replica that may answer a verifier publishes a key that does not sign yet. */
  isPublishedByAll(kid: string, now: number): boolean {
    const live = [...this.#presences.values()].filter(({ changedAt }) => now - changedAt < this.#settings.replicaTimeout);
    return live.every(({ use }) => use.publishes.includes(kid));
  }

  /** Whether another replica said at last that it uses a key, however long ago: one that is cut off does so still. */
  isUsedElsewhere(kid: string): boolean {
    return [...this.#presences.values()].some(({ use }) => use.uses.includes(kid));
  }

  #absorbPresences(replicas: SharedView['replicas'], now: number): void {
    const { replica, replicaTimeout } = this.#settings;
    const before = this.#presences;
    // Who is not there any more did not say that it left: the store lost it, and it may answer verifiers all the same.
    const lost = [...before].filter(
      ([name, { beat, changedAt }]) => beat !== undefined && !replicas.has(name) && now - changedAt < replicaTimeout,
    );
    const read = [...replicas].flatMap(([name, value]) => {
      const presence = name === replica ? undefined : readPresence(value);
      return presence === undefined || presence.left === true ? [] : [{ name, presence }];
    });
    const told = read
      .flatMap(({ presence }) => Object.entries(presence.lost ?? {}))
      .filter(([name]) => name !== replica && !replicas.has(name));
    this.#lost = Object.fromEntries(lost.map(([name, { use }]) => [name, use]));
    this.#presences = new Map<string, Heard>([
      ...told.map(([name, use]) => [name, { use, changedAt: now }] as const),
      ...lost,
      ...read.map(({ name, presence: { beat, uses, publishes } }) => {
        const known = before.get(name);
        return [name, { use: { uses, publishes }, beat, changedAt: known?.beat === beat ? known.changedAt : now }] as const;
      }),
    ]);
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
    if (ring.id === this.#own.id && ring.version === this.#own.version) {
      this.#ownDocument = stored;
      this.#mustWrite = false;
      return;
    }
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

function readPresence(value: JsonValue | undefined): Presence | undefined {
  if (!isKeyUse(value)) return undefined;
  const { beat, lost = {} } = value as Partial<Presence>;
  return typeof beat === 'number' && isJsonObject(lost) && Object.values(lost).every(isKeyUse) ? (value as unknown as Presence) : undefined;
}

function isKeyUse(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Array.isArray(value['uses']) && Array.isArray(value['publishes']);
}
