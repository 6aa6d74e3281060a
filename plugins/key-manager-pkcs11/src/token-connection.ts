import { KEY_TYPES, ParsecError, UnavailableError, type KeyType } from '@parsec/plugin-sdk';
import type { Handle, PKCS11, TokenInfo } from 'pkcs11js';
import { CKR_USER_ALREADY_LOGGED_IN, cryptokiCode, cryptokiFailure } from './cryptoki-error.js';
import type { CryptokiModule } from './cryptoki-module.js';
import { CK, type PrivateKey, type Session } from './cryptoki.js';
import type { Pkcs11KeyManagerOptions } from './options.js';
import { SessionPool } from './session-pool.js';

/** The mechanisms that each type of key needs, to make it and for every algorithm that it serves. */
const MECHANISMS: Record<KeyType, readonly number[]> = {
  EC_P256: [CK.CKM_EC_KEY_PAIR_GEN, CK.CKM_ECDSA],
  EC_P384: [CK.CKM_EC_KEY_PAIR_GEN, CK.CKM_ECDSA],
  RSA_2048: [CK.CKM_RSA_PKCS_KEY_PAIR_GEN, CK.CKM_RSA_PKCS, CK.CKM_RSA_PKCS_PSS],
  Ed25519: [CK.CKM_EC_EDWARDS_KEY_PAIR_GEN, CK.CKM_EDDSA],
};

const SESSION_FLAGS = CK.CKF_SERIAL_SESSION | CK.CKF_RW_SESSION;

/** Sessions with one token, logged in. */
export interface TokenConnection {
  /** The types of key that the token offers the mechanisms for. */
  readonly keyTypes: readonly KeyType[];
  readonly sessions: SessionPool;
}

/**
 * Finds the token and logs in. The library's calls for this are synchronous.
 * @throws ParsecError `PARSEC_KEY_INVALID` where the options do not fit the token, such as a wrong PIN; UnavailableError where trying again later may help
 */
export function connect(module: CryptokiModule, options: Pkcs11KeyManagerOptions): TokenConnection {
  const cryptoki = attempt('initialise the PKCS#11 module', () => module.acquire());
  try {
    const slot = attempt('look for the token', () => findSlot(cryptoki, options));
    const mechanisms = new Set(attempt('ask for the mechanisms of the token', () => cryptoki.C_GetMechanismList(slot)));
    const keyTypes = KEY_TYPES.filter((type) => MECHANISMS[type].every((mechanism) => mechanisms.has(mechanism)));
    const first = attempt('open a session with the token', () => cryptoki.C_OpenSession(slot, SESSION_FLAGS));
    try {
      attempt('log in to the token', () => logIn(cryptoki, slot, first, options.pin));
    } catch (error) {
      closeSession(cryptoki, first);
      throw error;
    }
    const privateKeys = new Map<string, PrivateKey>();
    const session = (handle: Handle): Session => ({ cryptoki, handle, privateKeys });
    const sessions = new SessionPool(
      {
        size: options.sessions,
        open: () => session(cryptoki.C_OpenSession(slot, SESSION_FLAGS)),
        close: ({ handle }) => closeSession(cryptoki, handle),
        onEmpty: () => module.release(),
      },
      session(first),
    );
    return { keyTypes, sessions };
  } catch (error) {
    module.release();
    throw error;
  }
}

function attempt<Result>(doing: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw cryptokiFailure(doing, error);
  }
}

function findSlot(cryptoki: PKCS11, options: Pkcs11KeyManagerOptions): Handle {
  const slots = cryptoki.C_GetSlotList(true).filter((slot) => isSelected(cryptoki, slot, options));
  const [slot, ...others] = slots;
  if (slot === undefined) throw new UnavailableError(`there is no token ${describeSelection(options)}`);
  if (others.length === 0) return slot;
  throw new ParsecError('PARSEC_KEY_INVALID', `there is more than one token ${describeSelection(options)}; select one by its serial`);
}

function isSelected(cryptoki: PKCS11, slot: Handle, { slot: number, token_label: label, serial }: Pkcs11KeyManagerOptions): boolean {
  if (number !== undefined) return slot.readUIntLE(0, 6) === number;
  const token = tokenIn(cryptoki, slot);
  if (token === undefined || (token.flags & CK.CKF_TOKEN_INITIALIZED) === 0) return false;
  return label === undefined ? unpadded(token.serialNumber) === serial : unpadded(token.label) === label;
}

/** Of slots that are none of ours one may be in any state. */
function tokenIn(cryptoki: PKCS11, slot: Handle): TokenInfo | undefined {
  try {
    return cryptoki.C_GetTokenInfo(slot);
  } catch (error) {
    if (cryptokiCode(error) === undefined) throw error;
    return undefined;
  }
}

function logIn(cryptoki: PKCS11, slot: Handle, session: Handle, pin: string): void {
  const { flags } = cryptoki.C_GetTokenInfo(slot);
  // A service that is restarted again and again with a wrong PIN would otherwise lock the token.
  if ((flags & (CK.CKF_USER_PIN_FINAL_TRY | CK.CKF_USER_PIN_LOCKED)) !== 0) {
    throw new ParsecError('PARSEC_KEY_INVALID', 'the token is locked, or one more wrong PIN would lock it: log in by other means first');
  }
  try {
    cryptoki.C_Login(session, CK.CKU_USER, pin);
  } catch (error) {
    // All sessions of a process with one token share one login.
    if (cryptokiCode(error) !== CKR_USER_ALREADY_LOGGED_IN) throw error;
  }
}

function closeSession(cryptoki: PKCS11, session: Handle): void {
  try {
    cryptoki.C_CloseSession(session);
  } catch (error) {
    // It went with its token.
    if (cryptokiCode(error) === undefined) throw error;
  }
}

function describeSelection({ token_label: label, serial, slot }: Pkcs11KeyManagerOptions): string {
  if (label !== undefined) return `with the label "${label}"`;
  return serial === undefined ? `in slot ${slot}` : `with the serial "${serial}"`;
}

function unpadded(text: string): string {
  return text.replace(/[ \0]+$/, '');
}
