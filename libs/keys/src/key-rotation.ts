import { ParsecError, UnavailableError, type JWK } from '@parsec/plugin-sdk';
import { v7 as uuidv7 } from 'uuid';
import {
  drop,
  promote,
  revoke,
  signingKeyOf,
  stateOf,
  toJson,
  withKey,
  withoutPlan,
  type KeyPlan,
  type KeyRing,
  type RingKey,
} from './key-ring.js';
import { statusOf, type KeySchedule, type KeyStatus } from './key-status.js';
import { firstRing, joiningRing } from './first-ring.js';
import type { KeyOperation } from './key-observer.js';
import { KeyTiming, LEASE } from './key-timing.js';
import { KeyWork, type Task } from './key-work.js';
import { messageOf } from './message-of.js';
import { nextStep, type Situation, type Step } from './next-step.js';
import { replicaOf, ringOf, RingView, type Presence } from './ring-view.js';
import { Sightings } from './sightings.js';
import { intervalOf, retentionOf, type SignerSettings } from './signer-settings.js';
import type { SigningKey } from './signing-key.js';
import { SteadyClock } from './steady-clock.js';
import { Trouble } from './trouble.js';

/** A key that is to sign was seen to sign right within this time. */
const FRESH = 60_000;
/** A plan that another replica does not carry out within this time is carried out here. */
const PLAN_PATIENCE = 30_000;
/** Steps of one turn; a turn that takes more goes in circles. */
const MAX_STEPS = 20;
/** Other replicas may be faster this often in one turn. */
const MAX_CONFLICTS = 5;
const SHORTEST_WAIT = 200;
const LONGEST_WAIT = 3_600_000;

/**
 * Rotation of one signer: makes, publishes, puts in force and retires its keys. Each {@link turn} reads what is stored, does what {@link nextStep} says
 * and writes it down before it takes effect; a crash between any two lines loses nothing. Key managers do their part beside that, as {@link KeyWork}.
 */
export class KeyRotation {
  readonly #settings: SignerSettings;
  readonly #steady: SteadyClock;
  readonly #ring: string;
  readonly #view: RingView;
  readonly #sightings = new Sightings();
  readonly #timing: KeyTiming;
  readonly #work: KeyWork;
  readonly #closing: AbortSignal;
  readonly #afterTurn: () => void;
  readonly #storeTrouble: Trouble;
  /** `kid`s that were revoked here and may not be stored yet. */
  readonly #revoked = new Set<string>();
  #turns: Promise<void> = Promise.resolve();
  #beat = 0;
  /** When the last turn began, monotonic. What became due since then may have been missed. */
  #lookedAt = 0;
  #isSynced = false;
  #emptySince: number | undefined;
  /** When keys were found in a key manager of which nothing was stored, although replicas share what is stored; monotonic. */
  #adoptedAt: number | undefined;
  /** `kid` of the key that an operator wants replaced. */
  #rotationAskedOf: string | undefined;
  /** When the key in force was seen to fail, monotonic; `undefined` once it signed or was proved again. */
  #suspectedAt: number | undefined;
  /** Whether the next plan is for a key that signs at once. */
  #beginsAnew: boolean;
  #lastPlanAt = 0;
  #planSeen: { readonly id: string; readonly at: number; readonly mine: boolean } | undefined;
  #publicKeys: readonly JWK[] = NO_KEYS;

  /**
   * @param closing aborts when no key manager is to be asked any more
   * @param afterTurn called after each turn, whoever began it
   */
  constructor(settings: SignerSettings, closing: AbortSignal, afterTurn: () => void) {
    const { documents, clock, keyManagers, keyManager, logger } = settings;
    const { name: replica, sharedKeys, timeout: replicaTimeout } = settings.replica;
    this.#settings = settings;
    this.#steady = new SteadyClock(clock);
    this.#closing = closing;
    this.#afterTurn = afterTurn;
    this.#storeTrouble = new Trouble(clock);
    // Where keys end with the process, every start begins anew, and waiting for verifiers would help no token.
    this.#beginsAnew = !documents.shared && keyManagers.size === 1 && keyManagers.get(keyManager)?.ephemeral === true;
    this.#ring = documents.shared && !sharedKeys ? ringOf(replica) : 'ring';
    const isShared = documents.shared && sharedKeys;
    this.#view = new RingView({
      signer: settings.name,
      own: this.#ring,
      isShared,
      replica,
      replicaTimeout,
      retention: retentionOf(settings),
      logger,
    });
    this.#timing = new KeyTiming(settings, this.#steady, this.#sightings, this.#view);
    this.#work = new KeyWork(settings, this.#steady, closing, {
      done: () => this.turn(),
      failed: (error, delay, operation) => this.#tell(error, delay, operation),
    });
  }

  /** The key in force, where it can sign here. */
  get signing(): SigningKey | undefined {
    const key = signingKeyOf(this.#view.own);
    return key === undefined || this.#isRevoked(key.kid) ? undefined : this.#work.keys.get(key.kid);
  }

  /** Whether the key in force fails to sign. */
  get isSuspect(): boolean {
    return this.#suspectedAt !== undefined;
  }

  /** The public keys to publish: the one in force first. Another array whenever it changes. */
  get publicKeys(): readonly JWK[] {
    return this.#publicKeys;
  }

  /** Whether it is known what is to be published: what is stored was read, or it was found out that there is nothing. */
  get isSynced(): boolean {
    if (!this.#isSynced || this.#isUnknown) return false;
    // Others may have lost theirs as well, and need a moment to say what they hold.
    return this.#adoptedAt === undefined || this.#now - this.#adoptedAt >= 2 * intervalOf(this.#settings);
  }

  /** Whether verifiers may keep what is published: not while a signer's very first key is to come, which will sign at once. */
  get isCacheable(): boolean {
    return this.#publicKeys.length > 0 && !this.#view.awaitsFirst;
  }

  /** Why no key can be made, or what is stored not be read, if that is so. */
  get failure(): unknown {
    return this.#storeTrouble.error ?? this.#work.failure;
  }

  /** `undefined` while there is no key in force. */
  get schedule(): KeySchedule | undefined {
    const key = signingKeyOf(this.#view.own);
    if (key === undefined) return undefined;
    const age = this.#timing.signingFor(key);
    const { every, publishAhead } = this.#settings.rotation;
    const next = this.#view.own.keys.findLast((each) => this.#expectedStart(each) !== undefined);
    const due = this.#isRotationAsked && next !== undefined ? publishAhead - this.#timing.publishedFor(next) : every - age;
    return { age, nextRotation: this.#steady.now() + due };
  }

  /** Every key of every ring, ours first. */
  status(): readonly KeyStatus[] {
    const { own, others } = this.#view;
    const { documents, replica } = this.#settings;
    const ours = documents.shared && replica.sharedKeys ? 'all' : replica.name;
    return [
      ...own.keys.map((key) => statusOf(key, ours, this.#expectedStart(key))),
      ...[...others].flatMap(([ring, { keys }]) => keys.map((key) => statusOf(key, replicaOf(ring), undefined))),
    ].filter(({ kid }) => !this.#isRevoked(kid));
  }

  /** Milliseconds until something may be due. */
  get wait(): number {
    const { rotation, documents } = this.#settings;
    const waits = this.#view.own.keys.flatMap((key) => {
      switch (stateOf(key)) {
        case 'signing':
          return [rotation.every - this.#timing.signingFor(key)];
        case 'next':
          return [this.#timing.wholeWait - this.#timing.completeFor(key), rotation.publishAhead - this.#timing.publishedFor(key)];
        case 'former':
          return [(key.retires_at ?? 0) - this.#steady.now(), this.#timing.retention - this.#timing.unusedFor(key)];
      }
    });
    // What was due at the last look and was not done then waits for something else, which is looked at once in a while.
    const sinceLook = this.#now - this.#lookedAt;
    const ahead = [...waits, this.#storeTrouble.wait, ...this.#work.waits].filter((wait) => wait + sinceLook > 0);
    return Math.max(SHORTEST_WAIT, Math.min(documents.shared ? intervalOf(this.#settings) : LONGEST_WAIT, ...ahead));
  }

  /** One look at what is stored, and what follows from it. Never fails: what went wrong is told by {@link failure}. */
  turn(): Promise<void> {
    // A turn that fails in a way that nobody foresaw must not be the last one.
    this.#turns = this.#turns.catch(() => {}).then(() => this.#turn());
    return this.#turns;
  }

  /** Takes turns until there is nothing more to be done now. */
  async settle(): Promise<void> {
    await this.turn();
    while (this.#work.current !== undefined) await this.#work.current;
  }

  /** Notes that the key in force signed a token. @param expiry wall-clock milliseconds */
  signed(kid: string, expiry: number): void {
    this.#sightings.signed(kid, expiry);
    this.#suspectedAt = undefined;
  }

  /** Has a key proved again that fails to sign, if it is the one in force. */
  suspect(kid: string): void {
    if (this.isSuspect || this.signing?.kid !== kid) return;
    this.#suspectedAt = this.#now;
    void this.turn();
  }

  /** Asks for another key; it signs as soon as it was published for long enough. */
  async rotate(): Promise<void> {
    this.#rotationAskedOf = signingKeyOf(this.#view.own)?.kid;
    await this.settle();
  }

  /**
   * Takes a key out of what is published, at once and for good, and has another one made.
   * @returns `false` where there is no such key
   * @throws UnavailableError where that could not be stored, so that other replicas do not know, and this one will not after a restart
   */
  async revoke(kid: string): Promise<boolean> {
    if (!this.#isRevoked(kid) && !this.#view.keys.some((key) => key.kid === kid)) return false;
    this.#revoked.add(kid);
    this.#show();
    await this.settle();
    if (!this.#view.own.revoked.includes(kid)) {
      throw new UnavailableError('the key is revoked in this process only: that could not be stored', { cause: this.failure });
    }
    return true;
  }

  /** Lets the others know that this replica is gone. */
  async leave(): Promise<void> {
    await this.#turns;
    const { documents, keyManagers, keyManager } = this.#settings;
    const isOver = keyManagers.get(keyManager)?.ephemeral === true;
    const presence: Presence = { beat: this.#beat + 1, left: true, uses: [], publishes: [] };
    await documents.sync({ ...presence }, this.#leases(isOver ? this.#timing.retention : LEASE)).catch(() => {});
  }

  async #turn(): Promise<void> {
    if (this.#closing.aborted) return;
    this.#lookedAt = this.#now;
    try {
      for (let attempt = 0; attempt < MAX_CONFLICTS; attempt += 1) {
        await this.#sync();
        if (!this.#isSynced || (await this.#advance())) break;
      }
      this.#storeTrouble.over();
    } catch (error) {
      // Of a store that is out for long every turn would tell.
      if (this.#storeTrouble.wait <= 0) this.#tell(error, this.#storeTrouble.failed(error));
    } finally {
      this.#acquit();
      if (this.#isSynced) this.#work.begin(this.#tasks());
      this.#show();
      this.#afterTurn();
    }
  }

  /** A key that was proved again, or replaced, is no suspect. */
  #acquit(): void {
    if (this.#suspectedAt === undefined) return;
    const kid = signingKeyOf(this.#view.own)?.kid;
    if (kid === undefined || this.#work.keys.isProvedSince(kid, this.#suspectedAt)) this.#suspectedAt = undefined;
  }

  async #sync(): Promise<void> {
    this.#beat += 1;
    const { own, keys } = this.#view;
    const presence: Presence = {
      beat: this.#beat,
      uses: own.keys.filter((key) => stateOf(key) === 'signing' || !this.#timing.haveTokensExpired(key)).map(({ kid }) => kid),
      publishes: keys.filter((key) => stateOf(key) === 'next').map(({ kid }) => kid),
      lost: this.#view.lost,
    };
    const view = await this.#settings.documents.sync({ ...presence }, this.#leases(LEASE));
    await this.#view.absorb(view, this.#now, this.#steady.now());
    this.#look();
    this.#isSynced = this.#isSynced || !this.#mayBeLost();
  }

  /** Whether a store that has nothing of the signer may just have lost it: replicas that are running would soon write it anew. */
  #mayBeLost(): boolean {
    if (!this.#settings.documents.shared || !this.#isUnknown || this.#view.others.size > 0) return false;
    this.#emptySince ??= this.#now;
    return this.#now - this.#emptySince < 2 * intervalOf(this.#settings);
  }

  /** Takes notice of what the own ring holds, and of what other replicas say of it. */
  #look(): void {
    const { own } = this.#view;
    const now = this.#now;
    this.#sightings.look(own, now, this.#steady.now(), !this.#isSynced);
    for (const key of own.keys) {
      if (stateOf(key) === 'next') this.#sightings.published(key.kid, this.#view.isPublishedByAll(key.kid, now), now);
      if (stateOf(key) === 'former' && this.#view.isUsedElsewhere(key.kid)) this.#sightings.usedElsewhere(key.kid, now);
    }
    const { plan } = own;
    if (plan !== undefined && this.#planSeen?.id !== plan.id) this.#planSeen = { id: plan.id, at: now, mine: false };
  }

  /** Takes every step that can be taken now. @returns `false` where another replica was faster, and all is to be looked at anew */
  async #advance(): Promise<boolean> {
    const { findings } = this.#work;
    if (this.#view.mustWrite || findings.length > 0) {
      if (!(await this.#write(findings.reduce((ring, finding) => finding(ring), this.#view.own)))) return false;
      this.#work.recorded(findings);
    }
    await this.#putBack();
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      if (this.#isUnknown) {
        const { held } = this.#work;
        if (held === undefined) return true;
        if (!(await this.#begin(held))) return false;
        continue;
      }
      const step = nextStep(this.#view.own, this.#situation());
      const ring = step === undefined ? undefined : this.#take(step);
      if (step === undefined || ring === undefined) return true;
      if (!(await this.#write(ring))) return false;
      this.#took(step);
    }
    throw new ParsecError('PARSEC_INTERNAL', `the rotation of signer "${this.#settings.name}" goes in circles`);
  }

  /** Puts rings of other replicas back that the store lost. Where somebody else was faster, that one knows better. */
  async #putBack(): Promise<void> {
    for (const [name, ring] of this.#view.missing) {
      await this.#settings.documents.replace(name, { expected: undefined, value: toJson(ring), lease: LEASE });
    }
  }

  /** Whether nothing is stored in the place of our ring. */
  get #isUnknown(): boolean {
    return this.#view.own.version === 0;
  }

  /** Writes down the first ring. @param held what its key manager has, although nothing was stored */
  async #begin(held: readonly RingKey[]): Promise<boolean> {
    const { algorithm, rotation, documents } = this.#settings;
    const isFirst = this.#view.others.size === 0;
    const known = new Set(this.#view.keys.map(({ kid }) => kid));
    const ours = held.filter(({ kid }) => !known.has(kid));
    const ring = isFirst
      ? firstRing(ours, algorithm, rotation.publishAhead, this.#timing.retention, this.#steady.now())
      : joiningRing(ours, this.#timing.retention, this.#steady.now());
    if (!(await this.#write(ring, isFirst))) return false;
    if (documents.shared && ours.length > 0) this.#adoptedAt = this.#now;
    return true;
  }

  /** The ring after a step; `undefined` while a key manager has yet to do its part. */
  #take(step: Step): KeyRing | undefined {
    const { own } = this.#view;
    const now = this.#steady.now();
    switch (step.do) {
      case 'revoke':
        return revoke(own, step.kids);
      case 'drop':
        return drop(own, step.keys);
      case 'promote':
        return this.#work.keys.isFresh(step.key.kid, this.#now, FRESH) ? promote(own, step.key, now, this.#timing.retention) : undefined;
      case 'plan':
        return this.#plan(own, now);
      case 'make': {
        const made = this.#work.madeFor(step.plan);
        if (made === undefined) return undefined;
        const key: RingKey = { ...step.plan, kid: made.kid, jwk: made.jwk, published_at: now };
        // Nobody can hold a JWKS without it, where there was none.
        const signsAtOnce = own.first === true && (this.#view.isWithoutKeys || !this.#settings.documents.shared);
        return signsAtOnce ? promote(withKey(own, key), key, now, this.#timing.retention) : withKey(own, key);
      }
    }
  }

  #plan(own: KeyRing, now: number): KeyRing {
    const { name, keyManager, algorithm } = this.#settings;
    // Identifiers tell which key is newer, also of two that are made within a millisecond.
    this.#lastPlanAt = Math.max(now, this.#lastPlanAt + 1);
    const plan: KeyPlan = { id: `${name}.${uuidv7({ msecs: this.#lastPlanAt })}`, key_manager: keyManager, algorithm };
    this.#planSeen = { id: plan.id, at: this.#now, mine: true };
    return { ...(own.plan === undefined ? own : withoutPlan(own, own.plan)), plan, ...(this.#beginsAnew ? { first: true as const } : {}) };
  }

  #took(step: Step): void {
    const { name, logger, observer } = this.#settings;
    switch (step.do) {
      case 'make': {
        const made = this.#view.own.keys.find(({ id }) => id === step.plan.id);
        const start = made === undefined ? undefined : this.#expectedStart(made);
        const when = start === undefined ? {} : { signs_from: new Date(start).toISOString() };
        logger.info('published a key', { signer: name, kid: made?.kid, key: step.plan.id, ...when });
        break;
      }
      case 'promote':
        logger.info('another key signs', { signer: name, kid: step.key.kid });
        observer.rotated(name);
        break;
      case 'revoke':
        logger.warn('keys were revoked', { signer: name, kids: step.kids });
        break;
      case 'drop':
        logger.info('retired keys', { signer: name, kids: step.keys.map(({ kid }) => kid) });
        break;
      case 'plan':
        this.#beginsAnew = false;
        break;
    }
  }

  async #write(ring: KeyRing, onlyFirst = false): Promise<boolean> {
    const { documents, maxAge, tokenLifetime } = this.#settings;
    const written: KeyRing = {
      ...ring,
      id: ring.id === '' ? uuidv7() : ring.id,
      version: ring.version + 1,
      max_age: this.#timing.longestOfLate(ring.max_age, maxAge),
      token_lifetime: this.#timing.longestOfLate(ring.token_lifetime, tokenLifetime),
    };
    const lease = this.#leases(LEASE).get(this.#ring);
    const document = await documents.replace(this.#ring, {
      expected: this.#view.ownDocument,
      value: toJson(written),
      onlyFirst,
      ...(lease === undefined ? {} : { lease }),
    });
    if (document === undefined) return false;
    this.#view.wrote(written, document);
    this.#look();
    this.#show();
    return true;
  }

  /** Keys that are of one replica are not needed for ever when it does not come back. */
  #leases(lease: number): ReadonlyMap<string, number> {
    const { documents, replica } = this.#settings;
    return documents.shared && !replica.sharedKeys ? new Map([[this.#ring, lease]]) : new Map();
  }

  /** What key managers could do for us now, most urgent first. */
  #tasks(): readonly Task[] {
    const { own } = this.#view;
    const { keys } = this.#work;
    if (this.#isUnknown) return this.#work.held === undefined ? [this.#work.listing()] : [];
    const signing = signingKeyOf(own);
    const next = own.keys.findLast((key) => stateOf(key) === 'next');
    const step = nextStep(own, this.#situation());
    const unproved = [
      ...(signing !== undefined && (this.isSuspect || keys.get(signing.kid) === undefined) ? [signing] : []),
      ...(next !== undefined && keys.get(next.kid) === undefined ? [next] : []),
      ...(step?.do === 'promote' && !keys.isFresh(step.key.kid, this.#now, FRESH) ? [step.key] : []),
    ];
    // A key that is of no use before it ever signed is taken back, unless it may be only this replica that cannot use it.
    const isOurs = !this.#settings.replica.sharedKeys;
    // What was found out already only waits for the store.
    const isUnmade = step?.do === 'make' && this.#work.madeFor(step.plan) === undefined;
    const discarded = this.#work.findings.length === 0 ? own.discarded : [];
    return [
      ...unproved.filter((key) => keys.isHeld(key)).map((key) => this.#work.proving(key, stateOf(key) === 'next' && isOurs)),
      ...(isUnmade && this.#mayMake(step.plan) ? [this.#work.making(step.plan)] : []),
      ...discarded.filter((place) => keys.isHeld(place)).map((place) => this.#work.destroying(place)),
    ];
  }

  /** Replicas that share their keys leave a plan to the one that made it, for a while. */
  #mayMake({ id }: KeyPlan): boolean {
    const seen = this.#planSeen;
    return !this.#settings.replica.sharedKeys || seen?.id !== id || seen.mine || this.#now - seen.at >= PLAN_PATIENCE;
  }

  #situation(): Situation {
    const { rotation, keyManager, algorithm } = this.#settings;
    return {
      ...rotation,
      keyManager,
      algorithm,
      revoked: new Set([...this.#view.revoked, ...this.#revoked]),
      rotationAsked: this.#isRotationAsked,
      canUse: ({ kid }) => this.#work.keys.get(kid) !== undefined,
      publishedFor: (key) => this.#timing.publishedFor(key),
      isKnownEverywhere: (key) => this.#timing.completeFor(key) >= this.#timing.wholeWait,
      signingFor: (key) => this.#timing.signingFor(key),
      isSpent: (key) =>
        this.#timing.unusedFor(key) >= this.#timing.retention &&
        this.#steady.now() >= this.#timing.endOf(key) &&
        this.#timing.haveTokensExpired(key),
    };
  }

  get #now(): number {
    return this.#settings.clock.monotonic();
  }

  /** When a key that is published ahead will sign, if nothing holds it up; `undefined` for one that will not, as the configuration asks for others now. */
  #expectedStart(key: RingKey): number | undefined {
    const { keyManager, algorithm, rotation } = this.#settings;
    const fits = (each: RingKey): boolean => each.key_manager === keyManager && each.algorithm === algorithm;
    if (stateOf(key) !== 'next' || !fits(key)) return undefined;
    const known = this.#timing.wholeWait - this.#timing.completeFor(key);
    const signing = signingKeyOf(this.#view.own);
    if (signing === undefined || this.signing === undefined) return this.#steady.now() + Math.max(0, known);
    const due = this.#isRotationAsked || !fits(signing) ? 0 : rotation.every - this.#timing.signingFor(signing);
    return this.#steady.now() + Math.max(0, known, due, rotation.publishAhead - this.#timing.publishedFor(key));
  }

  get #isRotationAsked(): boolean {
    return this.#rotationAskedOf !== undefined && this.#rotationAskedOf === signingKeyOf(this.#view.own)?.kid;
  }

  #isRevoked(kid: string): boolean {
    return this.#revoked.has(kid) || this.#view.revoked.has(kid);
  }

  #show(): void {
    const keys = this.#view.keys.filter(({ kid }) => !this.#revoked.has(kid));
    const isSame = keys.length === this.#publicKeys.length && keys.every(({ kid }, index) => this.#publicKeys[index]?.['kid'] === kid);
    if (!isSame) this.#publicKeys = keys.map(({ jwk }) => jwk);
  }

  #tell(error: unknown, delay: number, operation?: KeyOperation): void {
    const { name, logger, observer } = this.#settings;
    const details = { signer: name, retry_in_ms: delay, problem: messageOf(error) };
    if (operation === 'delete') {
      logger.warn('a key that is needed no more is still to be destroyed', details);
      return;
    }
    if (this.signing === undefined) {
      logger.warn('signer has no key that it can sign with', details);
      return;
    }
    observer.rotationFailed(name);
    logger.warn('the rotation of a signer is held up; its key goes on signing', details);
  }
}

const NO_KEYS: readonly JWK[] = Object.freeze([]);
