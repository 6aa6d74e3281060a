import { createHash } from 'node:crypto';
import { UnavailableError, type JWK } from '@parsec/plugin-sdk';

/** A JWK Set (RFC 7517 section 5), ready to be sent. */
export interface JwksDocument {
  /** JSON. */
  readonly body: string;
  /** A strong entity tag with its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string;
  /** For `Cache-Control`, in seconds; 0 while a key is to come that will sign at once, so that no verifier holds on to a set that lacks it. */
  readonly maxAge: number;
}

/** What is published of a signer. */
export interface KeyPublisher {
  /** Whether it knows what is to be published. */
  readonly isSynced: boolean;
  /** Whether verifiers may keep it. */
  readonly isCacheable: boolean;
  /** The same array as long as nothing changes. */
  readonly publicKeys: readonly JWK[];
  /** Looks at what other replicas stored, where that is overdue. Never fails. */
  refresh(): Promise<void>;
}

/** How long verifiers may keep keys at most, milliseconds. */
const LONGEST_MAX_AGE = 300_000;

/**
 * How long verifiers may keep the JWKS, which all signers share: no longer than any of them publishes a key ahead of use, in whole seconds.
 * @param publishAhead milliseconds, of each signer
 * @returns milliseconds
 */
export function maxAgeFor(publishAhead: readonly number[]): number {
  return Math.floor(Math.min(LONGEST_MAX_AGE, ...publishAhead) / 1_000) * 1_000;
}

/** The JWKS over all signers, served from memory. */
export class PublishedKeys {
  readonly #publishers: readonly KeyPublisher[];
  readonly #maxAge: number;
  #published: readonly (readonly JWK[])[] | undefined;
  #rendered = { body: '', etag: '' };

  /** @param maxAge milliseconds */
  constructor(publishers: readonly KeyPublisher[], maxAge: number) {
    this.#publishers = publishers;
    this.#maxAge = maxAge / 1_000;
  }

  /**
   * The document as it is now.
   * @throws UnavailableError where nobody knows yet what is published: a set that lacks keys of other replicas would do harm
   */
  async document(): Promise<JwksDocument> {
    await Promise.all(this.#publishers.map((publisher) => publisher.refresh()));
    if (!this.#publishers.every((publisher) => publisher.isSynced)) {
      throw new UnavailableError('the public keys are not known yet', { reason: 'keys_unknown' });
    }
    const current = this.#publishers.map((publisher) => publisher.publicKeys);
    if (this.#published === undefined || current.some((keys, index) => keys !== this.#published?.[index])) {
      this.#published = current;
      // One key under two identifiers is still one key.
      const keys = [...new Map(current.flat().map((jwk) => [jwk.kid, jwk])).values()];
      const body = JSON.stringify({ keys });
      this.#rendered = { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
    }
    return { ...this.#rendered, maxAge: this.#publishers.every((publisher) => publisher.isCacheable) ? this.#maxAge : 0 };
  }
}
