import { hasCode, type CallContext } from '@parsec/plugin-sdk';
import { callWithDeadline } from '@parsec/resilience';
import { describeHeld } from './first-ring.js';
import type { KeyOperation } from './key-observer.js';
import { dropUnused, withoutPlan, type KeyPlace, type KeyPlan, type KeyRing, type RingKey } from './key-ring.js';
import { messageOf } from './message-of.js';
import { ProvedKeys } from './proved-keys.js';
import type { SignerSettings } from './signer-settings.js';
import type { SigningKey } from './signing-key.js';
import type { SteadyClock } from './steady-clock.js';
import { Trouble } from './trouble.js';

/** Listing, making, proving or destroying a key. */
const DEADLINE = 15_000;
/** What the tasks are called without which there is no key. A key manager that fails is asked for no other key either, for a while. */
const MAKING = 'make ';

/** Something that a key manager can do for a rotation. */
export interface Task {
  /** What is not tried again for a while when it fails. */
  readonly id: string;
  readonly operation: KeyOperation;
  readonly keyManager: string;
  readonly run: (context: CallContext) => Promise<void>;
}

/** Who is told how the work goes. */
export interface KeyWorkObserver {
  /** A task came to its end, well or not. */
  done(): Promise<void>;
  /** @param delay milliseconds until it is tried again */
  failed(error: unknown, delay: number, operation: KeyOperation): void;
}

/**
 * What key managers do for a rotation: one task at a time, beside everything else, so that a slow one holds up nothing.
 * A task changes no ring; what it finds out waits here until the rotation writes it down.
 */
export class KeyWork {
  readonly keys: ProvedKeys;
  readonly #settings: SignerSettings;
  readonly #steady: SteadyClock;
  readonly #closing: AbortSignal;
  readonly #observer: KeyWorkObserver;
  readonly #troubles = new Map<string, Trouble>();
  #current: Promise<void> | undefined;
  #held: readonly RingKey[] | undefined;
  #made: { readonly plan: KeyPlan; readonly key: SigningKey } | undefined;
  #findings: readonly ((ring: KeyRing) => KeyRing)[] = [];

  constructor(settings: SignerSettings, steady: SteadyClock, closing: AbortSignal, observer: KeyWorkObserver) {
    this.keys = new ProvedKeys(settings.keyManagers);
    this.#settings = settings;
    this.#steady = steady;
    this.#closing = closing;
    this.#observer = observer;
  }

  /** The task that is under way. */
  get current(): Promise<void> | undefined {
    return this.#current;
  }

  /** What the key manager holds of a signer of which nothing is stored, once it was listed. */
  get held(): readonly RingKey[] | undefined {
    return this.#held;
  }

  /** What is to be changed in the ring because of what tasks found out. */
  get findings(): readonly ((ring: KeyRing) => KeyRing)[] {
    return this.#findings;
  }

  /** Milliseconds until something that failed may be tried again, each; see {@link Trouble.wait}. */
  get waits(): readonly number[] {
    return [...this.#troubles.values()].map(({ wait }) => wait);
  }

  /** Why no key can be made, if that is so. */
  get failure(): unknown {
    return [...this.#troubles].find(([id]) => id.startsWith(MAKING))?.[1].error;
  }

  /** The key that was made for a plan. */
  madeFor({ id }: KeyPlan): SigningKey | undefined {
    return this.#made?.plan.id === id ? this.#made.key : undefined;
  }

  /** The findings are written down. */
  recorded(findings: readonly unknown[]): void {
    this.#findings = this.#findings.filter((finding) => !findings.includes(finding));
  }

  /** Begins the first of these tasks that did not just fail, unless one is under way. @param tasks most urgent first */
  begin(tasks: readonly Task[]): void {
    if (this.#current !== undefined || this.#closing.aborted) return;
    for (const id of this.#troubles.keys()) {
      // That no key is to be made at the moment does not make its key manager any better.
      if (!id.startsWith(MAKING) && !tasks.some((task) => task.id === id)) this.#troubles.delete(id);
    }
    const task = tasks.find(({ id }) => (this.#troubles.get(id)?.wait ?? 0) <= 0);
    if (task === undefined) return;
    this.#current = this.#run(task)
      .finally(() => {
        this.#current = undefined;
      })
      .then(() => this.#observer.done());
  }

  listing(): Task {
    const { keyManager: keyManagerName, name, algorithm, logger } = this.#settings;
    const run = async (context: CallContext): Promise<void> => {
      const held = await this.keys.keyManager(keyManagerName).keys(context);
      this.#held = await describeHeld(held, { name, keyManagerName, algorithm, logger }, this.#steady.now());
    };
    return { id: MAKING + keyManagerName, operation: 'list', keyManager: keyManagerName, run };
  }

  making(plan: KeyPlan): Task {
    const run = async (context: CallContext): Promise<void> => {
      try {
        this.#made = { plan, key: await this.keys.make(plan, this.#settings.clock.monotonic(), context) };
      } catch (error) {
        // What went wrong with one identifier need not with another.
        if (hasCode(error, 'PARSEC_KEY_INVALID')) this.#find((ring) => withoutPlan(ring, plan));
        throw error;
      }
    };
    return { id: MAKING + plan.key_manager, operation: 'make', keyManager: plan.key_manager, run };
  }

  /** @param orDrop whether the key goes where it is of no use */
  proving(key: RingKey, orDrop: boolean): Task {
    const run = async (context: CallContext): Promise<void> => {
      try {
        await this.keys.prove(key, this.#settings.clock.monotonic(), context);
      } catch (error) {
        if (hasCode(error, 'PARSEC_KEY_INVALID') && orDrop) this.#find((ring) => dropUnused(ring, key));
        throw error;
      }
    };
    return { id: `prove ${key.kid}`, operation: 'prove', keyManager: key.key_manager, run };
  }

  destroying(place: KeyPlace): Task {
    const { name, logger } = this.#settings;
    const run = async (context: CallContext): Promise<void> => {
      try {
        await this.keys.keyManager(place.key_manager).deleteKey?.(place.id, context);
      } catch (error) {
        if (hasCode(error, 'PARSEC_UNAVAILABLE')) throw error;
        logger.warn('a key that is needed no more could not be destroyed', { signer: name, key: place.id, problem: messageOf(error) });
      }
      this.#find((ring) => ({ ...ring, discarded: ring.discarded.filter(({ id }) => id !== place.id) }));
    };
    return { id: `destroy ${place.id}`, operation: 'delete', keyManager: place.key_manager, run };
  }

  async #run(task: Task): Promise<void> {
    const { name, clock, observer } = this.#settings;
    try {
      await callWithDeadline(task.run, {
        milliseconds: DEADLINE,
        signal: this.#closing,
        what: `the key manager "${task.keyManager}" of signer "${name}"`,
      });
      this.#troubles.delete(task.id);
    } catch (error) {
      if (this.#closing.aborted) return;
      const trouble = this.#troubles.get(task.id) ?? new Trouble(clock);
      this.#troubles.set(task.id, trouble);
      observer.failed(task.keyManager, task.operation);
      this.#observer.failed(error, trouble.failed(error, task.operation === 'make'), task.operation);
    }
  }

  #find(change: (ring: KeyRing) => KeyRing): void {
    this.#findings = [...this.#findings, change];
  }
}
