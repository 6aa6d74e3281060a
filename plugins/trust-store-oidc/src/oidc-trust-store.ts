import { Injectable } from '@nestjs/common';
import type { TrustedIssuer, TrustStore } from '@parsec/plugin-sdk';
import { OidcTrustStoreOptions } from './options.js';
import { readIssuers } from './read-issuers.js';

/** OpenID providers and authorization servers that describe themselves. The core looks their metadata up. */
@Injectable()
export class OidcTrustStore implements TrustStore {
  readonly #issuers: readonly TrustedIssuer[];

  constructor(options: OidcTrustStoreOptions) {
    this.#issuers = readIssuers(options);
  }

  trustedIssuers(): readonly TrustedIssuer[] {
    return this.#issuers;
  }
}
