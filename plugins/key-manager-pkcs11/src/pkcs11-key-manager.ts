import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  CLOCK,
  KEY_ID,
  KEY_TYPE_OF,
  KEY_TYPES,
  LOGGER,
  ParsecError,
  type CallContext,
  type Clock,
  type Health,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type PluginLogger,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { isMissingObject } from './cryptoki-error.js';
import { CryptokiModule } from './cryptoki-module.js';
import type { Session } from './cryptoki.js';
import { Pkcs11KeyManagerOptions } from './options.js';
import { signWith } from './signature.js';
import { connect } from './token-connection.js';
import { destroyKey, findPrivateKey, generateKeyPair, listKeys } from './token-keys.js';
import { TokenLink } from './token-link.js';

/** Keys in a PKCS#11 token: made there, and never anywhere else. Their identifier is both their label and their CKA_ID. */
@Injectable()
export class Pkcs11KeyManager implements KeyManager, OnModuleInit, OnApplicationShutdown {
  readonly #options: Pkcs11KeyManagerOptions;
  readonly #clock: Clock;
  readonly #logger: PluginLogger;
  /** PKCS#11 lets names repeat, so that looking whether one is taken and taking it must not be interrupted. */
  readonly #beingMade = new Set<string>();
  #keyTypes: readonly KeyType[] = KEY_TYPES;
  #link: TokenLink | undefined;

  constructor(options: Pkcs11KeyManagerOptions, @Inject(CLOCK) clock: Clock, @Inject(LOGGER) logger: PluginLogger) {
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** What the token offers. Until it was reached for the first time: everything, so that what is asked meanwhile is not refused for good. */
  get keyTypes(): readonly KeyType[] {
    this.#keyTypes = this.#link?.keyTypes ?? this.#keyTypes;
    return this.#keyTypes;
  }

  async onModuleInit(): Promise<void> {
    const module = await CryptokiModule.load(this.#options.module);
    this.#link = new TokenLink(() => connect(module, this.#options), this.#clock, this.#logger);
    this.#link.open();
  }

  onApplicationShutdown(): void {
    this.#link?.close();
  }

  health(): Health {
    return this.#link?.health() ?? { status: 'down', detail: 'it is not open yet' };
  }

  async keys({ signal }: CallContext): Promise<readonly ManagedKey[]> {
    return this.#opened().use(signal, { doing: 'list the keys', repeatable: true, run: async (session) => listKeys(session) });
  }

  /** When the caller leaves before the token has answered, the key is destroyed as soon as it is made. */
  async generateKey(id: string, type: KeyType, { signal }: CallContext): Promise<ManagedKey> {
    signal.throwIfAborted();
    if (!KEY_ID.test(id)) throw refusal('that is no key identifier');
    if (!this.keyTypes.includes(type)) throw refusal(`the token makes no keys of type ${type}`);
    const run = async (session: Session): Promise<ManagedKey> => {
      if (this.#beingMade.has(id)) throw refusal(`the key identifier "${id}" is taken`);
      this.#beingMade.add(id);
      try {
        return await generateKeyPair(session, id, type, signal);
      } finally {
        this.#beingMade.delete(id);
      }
    };
    return this.#opened().use(signal, { doing: `make the key "${id}"`, repeatable: false, run });
  }

  async sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, { signal }: CallContext): Promise<Uint8Array> {
    const run = async (session: Session): Promise<Uint8Array> => {
      const sign = (): Promise<Uint8Array> => signWith(session, findPrivateKey(session, id, KEY_TYPE_OF[algorithm]), algorithm, data);
      try {
        return await sign();
      } catch (error) {
        if (!isMissingObject(error)) throw error;
        // Another process may have destroyed the key.
        session.privateKeys.delete(id);
        return sign();
      }
    };
    return this.#opened().use(signal, { doing: `sign with the key "${id}"`, repeatable: true, run });
  }

  async deleteKey(id: string, { signal }: CallContext): Promise<void> {
    signal.throwIfAborted();
    if (!KEY_ID.test(id)) return;
    await this.#opened().use(signal, {
      doing: `destroy the key "${id}"`,
      repeatable: true,
      run: async (session) => destroyKey(session, id),
    });
  }

  #opened(): TokenLink {
    if (this.#link === undefined) throw refusal('the key manager is not open');
    return this.#link;
  }
}

function refusal(message: string): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', message);
}
