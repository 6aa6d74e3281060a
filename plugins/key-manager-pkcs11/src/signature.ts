import { createHash } from 'node:crypto';
import type { SigningAlgorithm } from '@parsec/plugin-sdk';
import type { Handle, Mechanism } from 'pkcs11js';
import { CK, type Session } from './cryptoki.js';

interface Procedure {
  readonly mechanism: Mechanism;
  /** Bytes of every signature. Those of ECDSA and EdDSA are in PKCS#11 as JWS wants them. */
  readonly length: number;
  /** What the token signs. */
  readonly input: (data: Uint8Array) => Buffer;
}

/** DER of a DigestInfo for SHA-256 up to the digest (RFC 8017 section 9.2, note 1). */
const SHA256_DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

const PSS_PARAMETER = {
  /** How pkcs11js names this structure: its CK_PARAMS_RSA_PSS. */
  type: 5,
  hashAlg: CK.CKM_SHA256,
  mgf: CK.CKG_MGF1_SHA256,
  // RFC 7518 section 3.5: the salt is as long as the digest.
  saltLen: 32,
};

const PROCEDURES: Record<SigningAlgorithm, Procedure> = {
  ES256: { mechanism: { mechanism: CK.CKM_ECDSA }, length: 64, input: digest('sha256') },
  ES384: { mechanism: { mechanism: CK.CKM_ECDSA }, length: 96, input: digest('sha384') },
  RS256: {
    mechanism: { mechanism: CK.CKM_RSA_PKCS },
    length: 256,
    input: (data) => Buffer.concat([SHA256_DIGEST_INFO, digest('sha256')(data)]),
  },
  PS256: { mechanism: { mechanism: CK.CKM_RSA_PKCS_PSS, parameter: PSS_PARAMETER }, length: 256, input: digest('sha256') },
  EdDSA: { mechanism: { mechanism: CK.CKM_EDDSA }, length: 64, input: (data) => Buffer.from(data) },
};

/** The bytes that threads read and write just now. pkcs11js keeps no reference to them, and they must not be collected meanwhile. */
const inUse = new Set<readonly Buffer[]>();

/** Has the token sign, in a thread of its own: only the start of the operation is synchronous. */
export async function signWith(
  { cryptoki, handle }: Session,
  key: Handle,
  algorithm: SigningAlgorithm,
  data: Uint8Array,
): Promise<Uint8Array> {
  const { mechanism, length, input } = PROCEDURES[algorithm];
  const buffers = [input(data), Buffer.alloc(length)] as const;
  cryptoki.C_SignInit(handle, mechanism, key);
  inUse.add(buffers);
  try {
    return await cryptoki.C_SignAsync(handle, ...buffers);
  } finally {
    inUse.delete(buffers);
  }
}

function digest(name: string): (data: Uint8Array) => Buffer {
  return (data) => createHash(name).update(data).digest();
}
