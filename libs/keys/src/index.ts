export { PublishedKeys, type JwksDocument, type KeyPublisher } from './published-keys.js';
export { Signer } from './signer.js';
export type { SignerSettings } from './signer-keys.js';
