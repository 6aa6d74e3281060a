import type { KeyType } from '@parsec/plugin-sdk';
import type { Handle, PKCS11 } from 'pkcs11js';

/**
 * The numbers of the PKCS#11 standard (version 3.0) that parsec speaks of, under their names there.
 * The package pkcs11js has most of them too, but it is optional, and older than those of EdDSA.
 */
export const CK = {
  CKF_OS_LOCKING_OK: 0x2,
  CKF_RW_SESSION: 0x2,
  CKF_SERIAL_SESSION: 0x4,
  CKF_TOKEN_INITIALIZED: 0x400,
  CKF_USER_PIN_FINAL_TRY: 0x20000,
  CKF_USER_PIN_LOCKED: 0x40000,
  CKU_USER: 1,

  CKO_PUBLIC_KEY: 2,
  CKO_PRIVATE_KEY: 3,
  CKK_RSA: 0,
  CKK_EC: 3,
  CKK_EC_EDWARDS: 0x40,

  CKA_CLASS: 0x0,
  CKA_TOKEN: 0x1,
  CKA_PRIVATE: 0x2,
  CKA_LABEL: 0x3,
  CKA_KEY_TYPE: 0x100,
  CKA_ID: 0x102,
  CKA_SENSITIVE: 0x103,
  CKA_DECRYPT: 0x105,
  CKA_UNWRAP: 0x107,
  CKA_SIGN: 0x108,
  CKA_VERIFY: 0x10a,
  CKA_DERIVE: 0x10c,
  CKA_MODULUS: 0x120,
  CKA_MODULUS_BITS: 0x121,
  CKA_PUBLIC_EXPONENT: 0x122,
  CKA_EXTRACTABLE: 0x162,
  CKA_EC_PARAMS: 0x180,
  CKA_EC_POINT: 0x181,

  CKM_RSA_PKCS_KEY_PAIR_GEN: 0x0,
  CKM_RSA_PKCS: 0x1,
  CKM_RSA_PKCS_PSS: 0xd,
  CKM_SHA256: 0x250,
  CKG_MGF1_SHA256: 0x2,
  CKM_EC_KEY_PAIR_GEN: 0x1040,
  CKM_ECDSA: 0x1041,
  CKM_EC_EDWARDS_KEY_PAIR_GEN: 0x1055,
  CKM_EDDSA: 0x1057,
} as const;

/** A private key in the token. */
export interface PrivateKey {
  readonly handle: Handle;
  readonly type: KeyType;
}

/** A session with a token, logged in, that does nothing else meanwhile. */
export interface Session {
  readonly cryptoki: PKCS11;
  readonly handle: Handle;
  /** The private keys that were found so far, by identifier. Shared by the sessions of one connection, as handles are. */
  readonly privateKeys: Map<string, PrivateKey>;
}
