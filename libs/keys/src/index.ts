export type { KeyObserver, KeyOperation } from './key-observer.js';
export type { KeySchedule, KeyStatus } from './key-status.js';
export type { ReplicaSettings, SignerSettings } from './signer-settings.js';
export { toLasting } from './key-ring.js';
export type { RotationSchedule } from './next-step.js';
export { maxAgeFor, PublishedKeys, type JwksDocument, type KeyPublisher } from './published-keys.js';
export { Signer } from './signer.js';
