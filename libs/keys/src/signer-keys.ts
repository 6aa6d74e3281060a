import {
  hasCode,
  KEY_TYPE_OF,
  ParsecError,
  type CallContext,
  type Clock,
  type JWK,
  type KeyManager,
  type KeyType,
  type ManagedKey,
  type PluginLogger,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { v7 as uuidv7 } from 'uuid';
import { readPublicKey } from './public-key.js';
import { SigningKey } from './signing-key.js';

/** What a signer is made of. */
export interface SignerSettings {
  /** The key of its entry in the configuration. */
  readonly name: string;
  readonly algorithm: SigningAlgorithm;
  readonly keyManager: KeyManager;
  readonly clock: Clock;
  readonly logger: PluginLogger;
}

/** The keys of one signer at one moment; immutable. */
export interface SignerKeys {
  readonly signing: SigningKey;
  /** The signing key first, then the signer's other keys, newest first. */
  readonly publicKeys: readonly JWK[];
}

/** What a key of each type signed; an RSA key does not tell whether RS256 or PS256, so its JWK names none (RFC 7517 section 4.4). */
const FORMER_ALGORITHM: Record<KeyType, SigningAlgorithm | undefined> = {
  EC_P256: 'ES256',
  EC_P384: 'ES384',
  RSA_2048: undefined,
  Ed25519: 'EdDSA',
};

/**
 * Takes the signer's newest key that fits its algorithm, or makes one, and proves it.
 * Identifiers are `<signer>.<UUIDv7>`, so the newest sorts last.
 * @throws ParsecError `PARSEC_KEY_INVALID` where that key cannot be trusted; whatever the key manager throws
 */
export async function loadSignerKeys(settings: SignerSettings, context: CallContext): Promise<SignerKeys> {
  const { name, algorithm, keyManager } = settings;
  const type = KEY_TYPE_OF[algorithm];
  const held = (await keyManager.keys(context))
    .filter(({ id }) => id.startsWith(`${name}.`))
    .toSorted((one, other) => (one.id < other.id ? 1 : -1));
  const newest = held.find((key) => key.type === type) ?? (await generate(settings, type, context));
  const signing = await SigningKey.prove(keyManager, newest, algorithm, context);
  const former = await Promise.all(held.filter(({ id }) => id !== newest.id).map((key) => publishFormer(settings, key)));
  return { signing, publicKeys: [signing.jwk, ...former.filter((jwk) => jwk !== undefined)] };
}

async function generate({ name, keyManager, clock, logger }: SignerSettings, type: KeyType, context: CallContext): Promise<ManagedKey> {
  if (!keyManager.keyTypes.includes(type)) {
    throw new ParsecError('PARSEC_KEY_INVALID', `signer "${name}" needs a key of type ${type}, which its key manager cannot make`);
  }
  const key = await keyManager.generateKey(`${name}.${uuidv7({ msecs: clock.now() })}`, type, context);
  logger.info('made a signing key', { signer: name, key: key.id });
  return key;
}

/** A key that signs no more verifies what it once signed. One that is broken is left out: it cannot have signed anything. */
async function publishFormer({ name, algorithm, logger }: SignerSettings, key: ManagedKey): Promise<JWK | undefined> {
  try {
    const { jwk, kid } = await readPublicKey(key);
    const alg = key.type === KEY_TYPE_OF[algorithm] ? algorithm : FORMER_ALGORITHM[key.type];
    return { ...jwk, kid, use: 'sig', ...(alg === undefined ? {} : { alg }) };
  } catch (error) {
    if (!hasCode(error, 'PARSEC_KEY_INVALID')) throw error;
    logger.warn('left a key out of the JWKS', { signer: name, key: key.id, problem: (error as Error).message });
    return undefined;
  }
}
