import { realpath } from 'node:fs/promises';
import { ParsecError } from '@parsec/plugin-sdk';
import type { PKCS11 } from 'pkcs11js';
import { CKR_CRYPTOKI_ALREADY_INITIALIZED, cryptokiCode } from './cryptoki-error.js';
import { CK } from './cryptoki.js';

/** By path: PKCS#11 knows one initialisation in a process, whoever in it uses the library. */
const modules = new Map<string, CryptokiModule>();

/** A PKCS#11 library in this process, initialised while anybody uses it. */
export class CryptokiModule {
  readonly #cryptoki: PKCS11;
  #users = 0;
  #initialisedHere = false;

  private constructor(cryptoki: PKCS11) {
    this.#cryptoki = cryptoki;
  }

  /**
   * Loads a library, or comes back with the one that was loaded before. It stays loaded: few bear being unloaded.
   * @throws ParsecError `PARSEC_KEY_INVALID` where it cannot be loaded, or the package pkcs11js is missing
   */
  static async load(path: string): Promise<CryptokiModule> {
    const { PKCS11 } = await import('pkcs11js').catch((error: unknown) => {
      throw invalid('the package pkcs11js is missing: "npm install pkcs11js" builds it, with a C++ compiler, make and Python', error);
    });
    const file = await realpath(path).catch((error: unknown) => {
      throw invalid(`the PKCS#11 module ${path} cannot be read`, error);
    });
    const known = modules.get(file);
    if (known !== undefined) return known;
    const cryptoki = new PKCS11();
    try {
      cryptoki.load(file);
    } catch (error) {
      throw invalid(`the PKCS#11 module ${path} cannot be loaded`, error);
    }
    const loaded = new CryptokiModule(cryptoki);
    modules.set(file, loaded);
    return loaded;
  }

  /** Initialises the library for its first user. Whoever calls this calls {@link release} when all its sessions are closed. */
  acquire(): PKCS11 {
    if (this.#users === 0) this.#initialisedHere = this.#initialise();
    this.#users += 1;
    return this.#cryptoki;
  }

  /** Finalises the library after its last user, which lets it see tokens afresh the next time. */
  release(): void {
    this.#users -= 1;
    if (this.#users > 0 || !this.#initialisedHere) return;
    this.#initialisedHere = false;
    try {
      this.#cryptoki.C_Finalize();
    } catch (error) {
      // Somebody else in the process has finalised it.
      if (cryptokiCode(error) === undefined) throw error;
    }
  }

  /** @returns whether it was us; what others in the process have initialised is theirs to finalise */
  #initialise(): boolean {
    try {
      // Signatures are made in threads.
      this.#cryptoki.C_Initialize({ flags: CK.CKF_OS_LOCKING_OK });
      return true;
    } catch (error) {
      if (cryptokiCode(error) === CKR_CRYPTOKI_ALREADY_INITIALIZED) return false;
      throw error;
    }
  }
}

function invalid(message: string, cause: unknown): ParsecError {
  return new ParsecError('PARSEC_KEY_INVALID', message, { cause });
}
