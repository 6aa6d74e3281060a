import { createHash } from 'node:crypto';
import type { JWK } from '@parsec/plugin-sdk';

/** How long verifiers may keep the keys, in seconds. */
const MAX_AGE = 300;

/** A JWK Set (RFC 7517 section 5), ready to be sent. */
export interface JwksDocument {
  /** JSON. */
  readonly body: string;
  /** A strong entity tag with its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string;
  /** For `Cache-Control`, in seconds; 0 while a signer has no key, so that no verifier holds on to a set that lacks it. */
  readonly maxAge: number;
}

/** What is published of a signer. */
export interface KeyPublisher {
  readonly ready: boolean;
  /** The same array as long as nothing changes. */
  readonly publicKeys: readonly JWK[];
}

/** The JWKS over all signers, served from memory. */
export class PublishedKeys {
  readonly #publishers: readonly KeyPublisher[];
  #published: readonly (readonly JWK[])[] = [];
  #document: JwksDocument | undefined;

  constructor(publishers: readonly KeyPublisher[]) {
    this.#publishers = publishers;
  }

  /** The document as it is now; the same object as long as no signer's keys change. */
  get document(): JwksDocument {
    const current = this.#publishers.map((publisher) => publisher.publicKeys);
    if (this.#document === undefined || current.some((keys, index) => keys !== this.#published[index])) {
      this.#published = current;
      // One key under two identifiers is still one key.
      this.#document = this.#render([...new Map(current.flat().map((jwk) => [jwk.kid, jwk])).values()]);
    }
    return this.#document;
  }

  #render(keys: readonly JWK[]): JwksDocument {
    const body = JSON.stringify({ keys });
    const hash = createHash('sha256').update(body).digest('base64url');
    return { body, etag: `"${hash}"`, maxAge: this.#publishers.every((publisher) => publisher.ready) ? MAX_AGE : 0 };
  }
}
