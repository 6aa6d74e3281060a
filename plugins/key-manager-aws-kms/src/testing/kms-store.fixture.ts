import { createPublicKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { signDigest } from './sign-digest.fixture.js';

/** The members of a request that the stand-in reads. */
export interface KmsInput {
  readonly AliasName?: string;
  readonly Description?: string;
  readonly KeyId?: string;
  readonly KeySpec?: string;
  readonly KeyUsage?: string;
  readonly Limit?: number;
  readonly Marker?: string;
  readonly Message?: string;
  readonly MessageType?: string;
  readonly PendingWindowInDays?: number;
  readonly SigningAlgorithm?: string;
  readonly Tags?: readonly { readonly TagKey: string; readonly TagValue: string }[];
  readonly TargetKeyId?: string;
}

/** A key of the stand-in. */
export interface StoredKey {
  readonly id: string;
  readonly spec: string;
  readonly usage: string;
  readonly input: KmsInput;
  /** None where it is no pair of keys. */
  readonly privateKey: KeyObject | undefined;
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
  deletionWindow?: number;
}

/** A refusal, by the name of the exception in the KMS API. */
export class Refused extends Error {}

const GENERATORS: Readonly<Record<string, () => KeyObject>> = {
  ECC_NIST_P256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ECC_NIST_P384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  RSA_2048: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};

const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  ECC_NIST_P256: ['ECDSA_SHA_256'],
  ECC_NIST_P384: ['ECDSA_SHA_384'],
  RSA_2048: ['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PSS_SHA_256'],
};

/** What KMS keeps, and how it answers. */
export class KmsStore {
  readonly keys = new Map<string, StoredKey>();
  /** Alias to key. */
  readonly aliases = new Map<string, string>();
  /** Aliases on one page. */
  pageSize = 100;
  /** What becomes of a signature on its way out. */
  onSignature = (signature: Buffer): Buffer => signature;

  answer(operation: string, input: KmsInput): object {
    switch (operation) {
      case 'CreateKey':
        return { KeyMetadata: describe(this.addKey(input.KeySpec ?? '', input.KeyUsage, input)) };
      case 'DescribeKey':
        return { KeyMetadata: describe(this.#key(input.KeyId)) };
      case 'GetPublicKey':
        return this.#publicKey(input);
      case 'Sign':
        return this.#sign(input);
      case 'ScheduleKeyDeletion':
        return this.#scheduleDeletion(input);
      case 'CreateAlias':
        return this.#createAlias(input);
      case 'DeleteAlias':
        if (!this.aliases.delete(input.AliasName ?? '')) throw new Refused('NotFoundException');
        return {};
      case 'ListAliases':
        return this.#listAliases(input);
      default:
        throw new Refused('UnknownOperationException');
    }
  }

  addKey(spec: string, usage = 'ENCRYPT_DECRYPT', input: KmsInput = {}): StoredKey {
    const key: StoredKey = { id: randomUUID(), spec, usage, input, privateKey: GENERATORS[spec]?.(), state: 'Enabled' };
    this.keys.set(key.id, key);
    return key;
  }

  /** The one key that an alias leads to. */
  named(alias: string): StoredKey {
    return this.#key(this.aliases.get(alias));
  }

  #key(id = ''): StoredKey {
    const key = this.keys.get(id);
    if (key === undefined) throw new Refused('NotFoundException');
    return key;
  }

  #usable(id: string | undefined): StoredKey & { readonly privateKey: KeyObject } {
    const key = this.#key(id);
    if (key.state === 'Disabled') throw new Refused('DisabledException');
    if (key.state === 'PendingDeletion') throw new Refused('KMSInvalidStateException');
    const { privateKey } = key;
    if (privateKey === undefined || key.usage !== 'SIGN_VERIFY') throw new Refused('InvalidKeyUsageException');
    return { ...key, privateKey };
  }

  #publicKey({ KeyId }: KmsInput): object {
    const { id, spec, usage, privateKey } = this.#usable(KeyId);
    const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    return { KeyId: id, KeySpec: spec, KeyUsage: usage, PublicKey: der.toString('base64'), SigningAlgorithms: ALGORITHMS[spec] };
  }

  #sign({ KeyId, Message = '', MessageType, SigningAlgorithm = '' }: KmsInput): object {
    const { id, spec, privateKey } = this.#usable(KeyId);
    const digest = Buffer.from(Message, 'base64');
    const length = SigningAlgorithm.endsWith('384') ? 48 : 32;
    if (MessageType !== 'DIGEST' || digest.length !== length || ALGORITHMS[spec]?.includes(SigningAlgorithm) !== true) {
      throw new Refused('ValidationException');
    }
    const signature = this.onSignature(signDigest(privateKey, SigningAlgorithm, digest));
    return { KeyId: id, SigningAlgorithm, Signature: signature.toString('base64') };
  }

  #scheduleDeletion({ KeyId, PendingWindowInDays = 30 }: KmsInput): object {
    const key = this.#key(KeyId);
    if (key.state === 'PendingDeletion') throw new Refused('KMSInvalidStateException');
    if (PendingWindowInDays < 7 || PendingWindowInDays > 30) throw new Refused('ValidationException');
    key.state = 'PendingDeletion';
    key.deletionWindow = PendingWindowInDays;
    return { KeyId: key.id, KeyState: key.state, PendingWindowInDays };
  }

  #createAlias({ AliasName = '', TargetKeyId }: KmsInput): object {
    if (!/^alias\/[a-zA-Z0-9/_-]{1,250}$/.test(AliasName)) throw new Refused('InvalidAliasNameException');
    if (this.aliases.has(AliasName)) throw new Refused('AlreadyExistsException');
    const { id, state } = this.#key(TargetKeyId);
    if (state === 'PendingDeletion') throw new Refused('KMSInvalidStateException');
    this.aliases.set(AliasName, id);
    return {};
  }

  #listAliases({ Limit = 50, Marker = '0' }: KmsInput): object {
    const [start, size] = [Number(Marker), Math.min(Limit, this.pageSize)];
    const end = start + size;
    const Aliases = [...this.aliases].slice(start, end).map(([AliasName, TargetKeyId]) => ({ AliasName, TargetKeyId }));
    return end < this.aliases.size ? { Aliases, Truncated: true, NextMarker: String(end) } : { Aliases, Truncated: false };
  }
}

function describe({ id, spec, usage, state, input }: StoredKey): object {
  return { KeyId: id, KeySpec: spec, KeyUsage: usage, KeyState: state, Enabled: state === 'Enabled', Description: input.Description };
}
