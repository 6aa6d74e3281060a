import type { SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { ParsecError, type JWK, type ManagedKey } from '@parsec/plugin-sdk';
import { aliasOf, idOf } from './alias.js';
import { isRefusal } from './kms-failure.js';
import type { Kms } from './kms.js';
import type { AwsKmsKeyManagerOptions } from './options.js';
import { KEY_SPECS, KMS_KEY_TYPES, type KmsKeyType } from './procedures.js';
import { readPublicKey } from './public-key.js';
import { tagsOf } from './tags.js';

/** A key of parsec, and the KMS key it is. */
export interface KmsKey {
  readonly keyId: string;
  readonly managed: ManagedKey;
}

/** The operations of KMS on the keys of one alias prefix. */
export class KmsKeys {
  /** By KMS key: they never change. */
  readonly #publicKeys = new Map<string, JWK>();

  constructor(
    private readonly kms: Kms,
    private readonly options: AwsKmsKeyManagerOptions,
  ) {}

  /** Identifier to KMS key, of every alias under the prefix that has the form of one of parsec's. */
  async aliases(signal: AbortSignal): Promise<Map<string, string>> {
    const { alias_prefix } = this.options;
    const found = new Map<string, string>();
    for (let marker: string | undefined; ;) {
      const Marker = marker;
      const page = await this.kms.call({ operation: 'ListAliases', about: 'of the account', signal }, (client, http) =>
        client.listAliases({ Limit: 100, ...(Marker === undefined ? {} : { Marker }) }, http),
      );
      for (const { AliasName = '', TargetKeyId } of page.Aliases ?? []) {
        const id = idOf(alias_prefix, AliasName);
        if (id !== undefined && TargetKeyId !== undefined) found.set(id, TargetKeyId);
      }
      marker = page.Truncated === true ? page.NextMarker : undefined;
      if (marker === undefined) return found;
    }
  }

  /** @returns `undefined` where the key is not enabled, is gone, or is none that this key manager makes */
  async read(id: string, keyId: string, signal: AbortSignal): Promise<KmsKey | undefined> {
    const about = this.#about(id);
    try {
      const { KeyMetadata: key } = await this.kms.call({ operation: 'DescribeKey', about, signal }, (client, http) =>
        client.describeKey({ KeyId: keyId }, http),
      );
      const type = KMS_KEY_TYPES.find((known) => KEY_SPECS[known] === key?.KeySpec);
      if (key?.KeyState !== 'Enabled' || key.KeyUsage !== 'SIGN_VERIFY' || type === undefined) return undefined;
      return await this.#withPublicKey(id, type, keyId, { signal });
    } catch (error) {
      if (isRefusal(error, 'NotFoundException', 'DisabledException', 'KMSInvalidStateException')) return undefined;
      throw error;
    }
  }

  /** A key that was made a moment ago, which KMS may not know everywhere yet. */
  readNew(id: string, type: KmsKeyType, keyId: string, signal: AbortSignal): Promise<KmsKey> {
    return this.#withPublicKey(id, type, keyId, { signal, passing: 'NotFoundException' });
  }

  /** @returns the KMS key; it has no alias yet */
  async create(id: string, type: KmsKeyType, signal: AbortSignal): Promise<string> {
    const { alias_prefix, tags } = this.options;
    const { KeyMetadata } = await this.kms.call({ operation: 'CreateKey', about: this.#about(id), signal, once: true }, (client, http) =>
      client.createKey(
        {
          KeyUsage: 'SIGN_VERIFY',
          KeySpec: KEY_SPECS[type],
          Description: `parsec signing key ${id}`,
          Tags: tagsOf(alias_prefix, id, tags),
        },
        http,
      ),
    );
    if (KeyMetadata?.KeyId === undefined) throw new ParsecError('PARSEC_KEY_INVALID', `KMS made a key for "${id}" and did not say which`);
    return KeyMetadata.KeyId;
  }

  async createAlias(id: string, keyId: string, signal: AbortSignal): Promise<void> {
    const call = { operation: 'CreateAlias', about: this.#about(id), signal, passing: 'NotFoundException' };
    await this.kms.call(call, (client, http) =>
      client.createAlias({ AliasName: aliasOf(this.options.alias_prefix, id), TargetKeyId: keyId }, http),
    );
  }

  async deleteAlias(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.kms.call({ operation: 'DeleteAlias', about: this.#about(id), signal }, (client, http) =>
        client.deleteAlias({ AliasName: aliasOf(this.options.alias_prefix, id) }, http),
      );
    } catch (error) {
      if (!isRefusal(error, 'NotFoundException')) throw error;
    }
  }

  /** A key that is gone, or will be, is none to delete. */
  async scheduleDeletion(id: string, keyId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.kms.call({ operation: 'ScheduleKeyDeletion', about: this.#about(id), signal }, (client, http) =>
        client.scheduleKeyDeletion({ KeyId: keyId, PendingWindowInDays: this.options.deletion_window }, http),
      );
    } catch (error) {
      if (!isRefusal(error, 'NotFoundException', 'KMSInvalidStateException')) throw error;
    }
  }

  /** @returns the signature in the form of KMS */
  async sign({ keyId, managed }: KmsKey, algorithm: SigningAlgorithmSpec, digest: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { Signature = new Uint8Array() } = await this.kms.call(
      { operation: 'Sign', about: this.#about(managed.id), signal },
      (client, http) => client.sign({ KeyId: keyId, SigningAlgorithm: algorithm, MessageType: 'DIGEST', Message: digest }, http),
    );
    return Signature;
  }

  async #withPublicKey(
    id: string,
    type: KmsKeyType,
    keyId: string,
    call: { readonly signal: AbortSignal; readonly passing?: string },
  ): Promise<KmsKey> {
    let publicKey = this.#publicKeys.get(keyId);
    if (publicKey === undefined) {
      const { PublicKey } = await this.kms.call({ operation: 'GetPublicKey', about: this.#about(id), ...call }, (client, http) =>
        client.getPublicKey({ KeyId: keyId }, http),
      );
      publicKey = readPublicKey(id, PublicKey);
      this.#publicKeys.set(keyId, publicKey);
    }
    return { keyId, managed: Object.freeze({ id, type, publicKey }) };
  }

  #about(id: string): string {
    return `of alias "${aliasOf(this.options.alias_prefix, id)}"`;
  }
}
