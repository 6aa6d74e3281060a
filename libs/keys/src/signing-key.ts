import { constants, randomBytes, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import { ParsecError, type CallContext, type JWK, type KeyManager, type ManagedKey, type SigningAlgorithm } from '@parsec/plugin-sdk';
import { readPublicKey, type PublicKey } from './public-key.js';

const TYP = 'txntoken+jwt';

interface SignatureForm {
  readonly hash: string | null;
  /** Bytes of every signature (RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1). */
  readonly length: number;
  readonly options: Omit<VerifyKeyObjectInput, 'key'>;
}

const SIGNATURES: Record<SigningAlgorithm, SignatureForm> = {
  ES256: { hash: 'sha256', length: 64, options: { dsaEncoding: 'ieee-p1363' } },
  ES384: { hash: 'sha384', length: 96, options: { dsaEncoding: 'ieee-p1363' } },
  RS256: { hash: 'sha256', length: 256, options: { padding: constants.RSA_PKCS1_PADDING } },
  PS256: {
    hash: 'sha256',
    length: 256,
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
  EdDSA: { hash: null, length: 64, options: {} },
};

/** A key manager and its name in the configuration. */
export interface NamedKeyManager {
  readonly name: string;
  readonly keyManager: KeyManager;
}

/** A key that has been seen to sign what its published half verifies. There is no other way to make one. */
export class SigningKey {
  readonly #keyManager: KeyManager;
  readonly #id: string;
  readonly #algorithm: SigningAlgorithm;
  readonly #header: string;
  readonly kid: string;
  /** As the JWKS shows it. */
  readonly jwk: JWK;

  private constructor(
    keyManager: KeyManager,
    readonly keyManagerName: string,
    id: string,
    algorithm: SigningAlgorithm,
    { jwk, kid }: PublicKey,
  ) {
    this.#keyManager = keyManager;
    this.#id = id;
    this.#algorithm = algorithm;
    this.#header = base64url(JSON.stringify({ typ: TYP, alg: algorithm, kid }));
    this.kid = kid;
    this.jwk = { ...jwk, kid, alg: algorithm, use: 'sig' };
  }

  /**
   * Lets the key manager sign a probe and verifies it against the public key that would be published.
   * @throws ParsecError `PARSEC_KEY_INVALID` where the signature is wrong; whatever the key manager throws
   */
  static async prove(
    { name, keyManager }: NamedKeyManager,
    managed: ManagedKey,
    algorithm: SigningAlgorithm,
    context: CallContext,
  ): Promise<SigningKey> {
    const publicKey = await readPublicKey(managed);
    // Random, so that no earlier signature can answer it; without dots, so that it can never be taken for a token.
    const probe = Buffer.from(`parsec probe ${randomBytes(32).toString('base64url')}`);
    const signature = await keyManager.sign(managed.id, algorithm, probe, context);
    if (!verifies(algorithm, publicKey.key, probe, signature)) {
      throw new ParsecError('PARSEC_KEY_INVALID', `the key "${managed.id}" signs what its published half does not verify`);
    }
    return new SigningKey(keyManager, name, managed.id, algorithm, publicKey);
  }

  /**
   * @param payload the claims, serialised
   * @returns a compact JWS (RFC 7515 section 7.1)
   * @throws ParsecError `PARSEC_KEY_INVALID` where the signature cannot be one of this algorithm; whatever the key manager throws
   */
  async sign(payload: string, context: CallContext): Promise<string> {
    const input = `${this.#header}.${base64url(payload)}`;
    const signature = await this.#keyManager.sign(this.#id, this.#algorithm, Buffer.from(input, 'latin1'), context);
    if (signature.length !== SIGNATURES[this.#algorithm].length) {
      throw new ParsecError('PARSEC_KEY_INVALID', `a signature of ${signature.length} bytes is none of ${this.#algorithm}`);
    }
    return `${input}.${base64url(signature)}`;
  }
}

function verifies(algorithm: SigningAlgorithm, key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  const { hash, length, options } = SIGNATURES[algorithm];
  try {
    return signature.length === length && verify(hash, data, { key, ...options }, signature);
  } catch {
    // Not even bytes.
    return false;
  }
}

function base64url(data: string | Uint8Array): string {
  return (typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength)).toString('base64url');
}
