import { createPublicKey } from 'node:crypto';
import { ParsecError, type JWK } from '@parsec/plugin-sdk';

/**
 * @param der a SubjectPublicKeyInfo, as KMS answers it
 * @throws ParsecError `PARSEC_KEY_INVALID` where it is none
 */
export function readPublicKey(id: string, der: Uint8Array | undefined): JWK {
  try {
    const key = createPublicKey({ key: Buffer.from(der ?? []), format: 'der', type: 'spki' });
    return Object.freeze(key.export({ format: 'jwk' })) as JWK;
  } catch (error) {
    throw new ParsecError('PARSEC_KEY_INVALID', `KMS answered with no public key for "${id}"`, { cause: error });
  }
}
