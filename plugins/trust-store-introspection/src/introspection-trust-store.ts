import { Injectable } from '@nestjs/common';
import type { TrustedIssuer, TrustStore } from '@parsec/plugin-sdk';
import { IntrospectionTrustStoreOptions } from './options.js';
import { readIssuers } from './read-issuers.js';

/** Issuers whose tokens say nothing by themselves. The core asks them. */
@Injectable()
export class IntrospectionTrustStore implements TrustStore {
  readonly #issuers: readonly TrustedIssuer[];

  constructor(options: IntrospectionTrustStoreOptions) {
    this.#issuers = readIssuers(options);
  }

  trustedIssuers(): readonly TrustedIssuer[] {
    return this.#issuers;
  }
}
