import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { LocalKey, type KeyType } from '@parsec/plugin-sdk';
import { fileFailure, fileRefusal, systemCode } from './file-error.js';

/** What the name of a key file ends in. */
export const EXTENSION = '.pem';

const ACCESSIBLE_TO_OTHERS = 0o077;
/** Several times what the longest key takes. */
const MAX_BYTES = 16 * 1024;
const ONE_PKCS8_BLOCK = /^-----BEGIN PRIVATE KEY-----\s[A-Za-z0-9+/=\s]+-----END PRIVATE KEY-----\s*$/;

/**
 * Reads and checks one key file. A symbolic link is not followed: a key lives here or nowhere.
 * @throws ParsecError `PARSEC_KEY_INVALID`, which names the file and what is wrong with it, never its content
 */
export async function readKeyFile(path: string, id: string): Promise<LocalKey> {
  const privateKey = parse(path, await readPrivately(path));
  const type = keyTypeOf(privateKey);
  if (type === undefined) throw fileRefusal(path, 'holds a key of a type that parsec does not make');
  // A damaged file can still parse: its public half then belongs to another private one.
  if (!isWhole(privateKey)) throw fileRefusal(path, 'is corrupt');
  return new LocalKey(id, type, privateKey);
}

/** @throws ParsecError `PARSEC_KEY_INVALID` where others than its owner may read or write a file */
export function refuseOthers(path: string, { mode }: Stats): void {
  if ((mode & ACCESSIBLE_TO_OTHERS) !== 0) throw fileRefusal(path, 'is accessible to others than its owner; its mode must be 0600');
}

async function readPrivately(path: string): Promise<string> {
  try {
    // O_NONBLOCK: a pipe of that name must not hold up the start.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw fileRefusal(path, 'is not a file');
      refuseOthers(path, stats);
      if (stats.size > MAX_BYTES) throw fileRefusal(path, 'is corrupt');
      return await file.readFile('latin1');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ELOOP') throw fileRefusal(path, 'is a symbolic link');
    throw fileFailure(path, 'read', error);
  }
}

function parse(path: string, pem: string): KeyObject {
  if (!ONE_PKCS8_BLOCK.test(pem)) throw fileRefusal(path, 'is corrupt, or no private key in PKCS#8');
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    throw fileRefusal(path, 'is corrupt');
  }
}

function keyTypeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyType | undefined {
  switch (asymmetricKeyType) {
    case 'ec':
      if (asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'EC_P256';
      return asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'EC_P384' : undefined;
    case 'rsa': {
      const { modulusLength, publicExponent } = asymmetricKeyDetails ?? {};
      return modulusLength === 2048 && publicExponent === 65_537n ? 'RSA_2048' : undefined;
    }
    case 'ed25519':
      return 'Ed25519';
    default:
      return undefined;
  }
}

function isWhole(privateKey: KeyObject): boolean {
  const probe = Buffer.from('parsec');
  const hash = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  try {
    return verify(hash, probe, createPublicKey(privateKey), sign(hash, probe, privateKey));
  } catch {
    return false;
  }
}
