import { TrustedIssuersOptions } from '@parsec/plugin-sdk';

/** Options of the trust store `static`. */
export class StaticTrustStoreOptions extends TrustedIssuersOptions {}
