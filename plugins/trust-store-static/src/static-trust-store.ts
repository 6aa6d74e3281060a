import { Injectable } from '@nestjs/common';
import { readTrustedIssuers, type TrustedIssuer, type TrustStore } from '@parsec/plugin-sdk';
import { StaticTrustStoreOptions } from './options.js';

/** The trusted issuers that stand in the configuration. They change with it and never by themselves. */
@Injectable()
export class StaticTrustStore implements TrustStore {
  readonly #issuers: readonly TrustedIssuer[];

  constructor(options: StaticTrustStoreOptions) {
    this.#issuers = readTrustedIssuers(options);
  }

  trustedIssuers(): readonly TrustedIssuer[] {
    return this.#issuers;
  }
}
