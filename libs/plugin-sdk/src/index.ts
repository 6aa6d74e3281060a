// Decorators of options record the types of fields only once this is loaded.
import 'reflect-metadata';
export * from './clock.js';
export * from './define-plugin.js';
export * from './errors.js';
export * from './find-credential.js';
export * from './health.js';
export * from './instance-context.js';
export * from './json.js';
export * from './jwk.js';
export * from './kinds/authorizer.js';
export * from './kinds/data-source.js';
export * from './kinds/key-manager.js';
export * from './kinds/trust-store.js';
export * from './local-key.js';
export * from './options/decorators.js';
export * from './options/units.js';
export * from './pattern.js';
export * from './principals.js';
