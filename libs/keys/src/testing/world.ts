import { UnavailableError, type CallContext, type KeyManager, type SigningAlgorithm } from '@parsec/plugin-sdk';
import { FakeClock, FakeKeyManager, RecordingLogger } from '@parsec/plugin-testing';
import { KeyRotation } from '../key-rotation.js';
import { FakeStore, storeIsOut } from './fake-store.js';

/** Milliseconds. */
export const EVERY = 20_000;
export const PUBLISH_AHEAD = 5_000;
export const MAX_AGE = 5_000;
export const LIFETIME = 15_000;
export const REPLICA_TIMEOUT = 120_000;
const STEP = 250;

/** Who has which keys. */
export type Mode = 'alone' | 'own keys' | 'shared keys';

interface Token {
  readonly kid: string;
  /** What it says, by the clock of its issuer. */
  readonly expiry: number;
  readonly issuer: string;
}

interface Fetched {
  readonly from: string;
  readonly kids: ReadonlySet<string>;
  /** Milliseconds of true time. */
  readonly at: number;
  readonly until: number;
}

/** One replica, which stops and comes back. */
export class Replica {
  readonly clock: FakeClock;
  readonly logger = new RecordingLogger();
  algorithm: SigningAlgorithm = 'ES256';
  rotation: KeyRotation | undefined;
  isCutOff = false;
  isPaused = false;
  rotated = 0;
  /** Calls of its key manager and of the store until it is killed, at whatever point. */
  callsToLive = Number.POSITIVE_INFINITY;
  nextTurnAt = 0;
  /** When it last reached the store, milliseconds of true time. */
  heardAt: number;
  /** Its clock was wrong already when it started, so it cannot know. */
  startedAhead = false;
  #life = 0;

  constructor(
    readonly name: string,
    private readonly world: World,
    readonly keyManager: FakeKeyManager,
  ) {
    this.clock = new FakeClock(world.now);
    this.heardAt = world.now;
  }

  get isUp(): boolean {
    return this.rotation !== undefined && !this.isPaused;
  }

  async start(): Promise<void> {
    this.world.restarted(this.name);
    this.startedAhead = this.clock.now() > this.world.now;
    this.#life += 1;
    const life = this.#life;
    this.callsToLive = Number.POSITIVE_INFINITY;
    const live = (): void => {
      if (life !== this.#life) throw new Error('killed');
      this.callsToLive -= 1;
      if (this.callsToLive > 0) return;
      this.kill();
      throw new Error('killed');
    };
    const reachStore = (): void => {
      live();
      if (this.isCutOff) storeIsOut();
      this.heardAt = this.world.now;
    };
    const keyManager = mortal(this.keyManager, live);
    this.rotation = new KeyRotation(
      {
        name: 'main',
        algorithm: this.algorithm,
        keyManager: 'keys',
        keyManagers: new Map([['keys', keyManager]]),
        rotation: { every: EVERY, publishAhead: PUBLISH_AHEAD },
        maxAge: MAX_AGE,
        tokenLifetime: LIFETIME,
        documents: this.world.store.connect(this.name, reachStore),
        replica: { name: this.name, sharedKeys: this.world.mode === 'shared keys', timeout: REPLICA_TIMEOUT },
        clock: this.clock,
        logger: this.logger,
        observer: { signed: () => {}, failed: () => {}, rotationFailed: () => {}, rotated: () => void (this.rotated += 1) },
      },
      new AbortController().signal,
      () => {},
    );
    await this.turn();
  }

  kill(): void {
    this.#life += 1;
    this.rotation = undefined;
  }

  async turn(): Promise<void> {
    const { rotation } = this;
    await rotation?.settle();
    this.nextTurnAt = this.clock.monotonic() + (rotation?.wait ?? 0);
  }
}

/** Replicas, their store, and verifiers that fetch from any of them at any time and keep what they fetched for as long as they are told to. */
export class World {
  /** True time, milliseconds since the epoch. */
  now = Date.UTC(2026, 0, 1);
  readonly store: FakeStore;
  readonly replicas: readonly Replica[];
  readonly revoked = new Set<string>();
  /** What went wrong for a verifier. */
  readonly failures: string[] = [];
  /** Times at which a replica that was up could not sign. */
  refusals = 0;
  #tokens: Token[] = [];
  #fetched: Fetched[] = [];

  constructor(
    readonly mode: Mode,
    count: number,
    keyManager: () => FakeKeyManager = () => new FakeKeyManager(['EC_P256', 'Ed25519']),
  ) {
    this.store = new FakeStore(mode !== 'alone', () => this.now);
    const shared = keyManager();
    this.replicas = Array.from(
      { length: count },
      (_unused, index) => new Replica(`r${index}`, this, mode === 'shared keys' ? shared : keyManager()),
    );
  }

  async start(): Promise<void> {
    for (const replica of this.replicas) await replica.start();
    await this.pass(1_500);
  }

  /** Lets time pass: every replica that is up serves and signs all the while. */
  async pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += STEP) {
      this.now += STEP;
      for (const replica of this.replicas) replica.clock.advance(STEP);
      for (const replica of this.replicas) if (replica.isUp && replica.clock.monotonic() >= replica.nextTurnAt) await replica.turn();
      this.look();
    }
  }

  /** A process that ended does not know that its clock was ahead, and how long its tokens live; nobody can. */
  restarted(issuer: string): void {
    this.#tokens = this.#tokens.filter((token) => token.issuer !== issuer || !isFar(token.expiry, this.now));
  }

  /** Every replica signs a token and shows its keys; every verifier checks every token. */
  look(): void {
    for (const { name, rotation, isUp, clock, startedAhead, heardAt } of this.replicas) {
      if (rotation === undefined || !isUp) continue;
      // The others do not wait for one that they have not heard of for so long, and it is to be taken out of the load balancer.
      const isGivenUp = this.mode !== 'alone' && this.now - heardAt >= REPLICA_TIMEOUT;
      if (rotation.isSynced && !isGivenUp) {
        const kids = new Set(rotation.publicKeys.map(({ kid }) => String(kid)));
        this.#fetched.push({ from: name, kids, at: this.now, until: this.now + (rotation.isCacheable ? MAX_AGE : 0) });
      }
      const kid = rotation.signing?.kid;
      if (kid === undefined) {
        this.refusals += 1;
        continue;
      }
      const expiry = clock.now() + LIFETIME;
      rotation.signed(kid, expiry);
      if (!startedAhead || !isFar(expiry, this.now)) this.#tokens.push({ kid, expiry, issuer: name });
    }
    this.#tokens = this.#tokens.filter(({ expiry, kid }) => expiry > this.now && !this.revoked.has(kid));
    this.#fetched = this.#fetched.filter(({ until }) => until >= this.now);
    const tokens = new Map(this.#tokens.map((token) => [`${token.issuer} ${token.kid}`, token]));
    for (const { kid, issuer } of tokens.values()) {
      const lacking = this.#fetched.find(({ kids }) => !kids.has(kid));
      if (lacking !== undefined) {
        this.failures.push(
          `a token of ${issuer}, signed with ${kid.slice(0, 6)}, is unknown to who fetched from ${lacking.from} ${this.now - lacking.at} ms ago`,
        );
      }
    }
  }
}

/** Whether a token is not valid yet for who has the right time. */
function isFar(expiry: number, now: number): boolean {
  return expiry > now + LIFETIME + 30_000;
}

/** A key manager that passes a point before and after each of its calls. */
function mortal(inner: FakeKeyManager, pass: () => void): KeyManager {
  const guard = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    pass();
    const result = await call();
    pass();
    return result;
  };
  return {
    keyTypes: inner.keyTypes,
    keys: (context: CallContext) => guard(() => inner.keys(context)),
    generateKey: (id, type, context) => guard(() => inner.generateKey(id, type, context)),
    sign: (id, algorithm, data, context) => guard(() => inner.sign(id, algorithm, data, context)),
    deleteKey: (id, context) => guard(() => inner.deleteKey(id, context)),
  };
}

/** A fault of a key manager that is out. */
export function keyManagerIsOut(): never {
  throw new UnavailableError('the key manager is out');
}
