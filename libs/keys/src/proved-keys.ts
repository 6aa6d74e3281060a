import { hasCode, KEY_TYPE_OF, ParsecError, type CallContext, type KeyManager, type ManagedKey } from '@parsec/plugin-sdk';
import type { KeyPlace, KeyPlan, RingKey } from './key-ring.js';
import { SigningKey } from './signing-key.js';

/** The keys of a signer that this replica can sign with, because it saw them sign what their published half verifies. */
export class ProvedKeys {
  readonly #keyManagers: ReadonlyMap<string, KeyManager>;
  readonly #proved = new Map<string, { readonly key: SigningKey; readonly at: number }>();

  constructor(keyManagers: ReadonlyMap<string, KeyManager>) {
    this.#keyManagers = keyManagers;
  }

  get(kid: string): SigningKey | undefined {
    return this.#proved.get(kid)?.key;
  }

  /** Whether the key was proved within the last `age` milliseconds. */
  isFresh(kid: string, now: number, age: number): boolean {
    const proved = this.#proved.get(kid);
    return proved !== undefined && now - proved.at < age;
  }

  /** Whether it was proved at this moment or later. */
  isProvedSince(kid: string, moment: number): boolean {
    return (this.#proved.get(kid)?.at ?? Number.NEGATIVE_INFINITY) >= moment;
  }

  /** Whether its key manager is there. */
  isHeld({ key_manager: name }: KeyPlace): boolean {
    return this.#keyManagers.has(name);
  }

  /**
   * Proves a key that others may have made.
   * @param now monotonic milliseconds
   * @throws ParsecError `PARSEC_KEY_INVALID` where it cannot be used; whatever else the key manager throws
   */
  async prove(key: RingKey, now: number, context: CallContext): Promise<void> {
    const keyManager = this.keyManager(key.key_manager);
    try {
      if (!this.#proved.has(key.kid)) await refuseMissing(keyManager, key, context);
      const managed: ManagedKey = { id: key.id, type: KEY_TYPE_OF[key.algorithm], publicKey: key.jwk };
      this.#keep(await SigningKey.prove({ name: key.key_manager, keyManager }, managed, key.algorithm, context), now);
    } catch (error) {
      if (hasCode(error, 'PARSEC_KEY_INVALID')) this.#proved.delete(key.kid);
      throw error;
    }
  }

  /**
   * Makes a planned key, or takes it where an earlier attempt made it.
   * @throws ParsecError `PARSEC_KEY_INVALID` where it signs wrongly; whatever else the key manager throws
   */
  async make({ id, key_manager: name, algorithm }: KeyPlan, now: number, context: CallContext): Promise<SigningKey> {
    const keyManager = this.keyManager(name);
    const managed = await keyManager.generateKey(id, KEY_TYPE_OF[algorithm], context).catch(async (error: unknown) => {
      const made = hasCode(error, 'PARSEC_KEY_INVALID') ? (await keyManager.keys(context)).find((key) => key.id === id) : undefined;
      if (made === undefined) throw error;
      return made;
    });
    const key = await SigningKey.prove({ name, keyManager }, managed, algorithm, context);
    this.#keep(key, now);
    return key;
  }

  /** @throws ParsecError `PARSEC_INTERNAL` where the signer does not have this key manager */
  keyManager(name: string): KeyManager {
    const keyManager = this.#keyManagers.get(name);
    if (keyManager === undefined) throw new ParsecError('PARSEC_INTERNAL', `there is no key manager "${name}" here`);
    return keyManager;
  }

  #keep(key: SigningKey, now: number): void {
    this.#proved.set(key.kid, { key, at: now });
  }
}

/** Listing also lets a key manager find what another replica made. */
async function refuseMissing(keyManager: KeyManager, { id }: RingKey, context: CallContext): Promise<void> {
  const held = await keyManager.keys(context);
  if (!held.some((key) => key.id === id))
    throw new ParsecError('PARSEC_KEY_INVALID', `the key manager does not have the key "${id}" any more`);
}
