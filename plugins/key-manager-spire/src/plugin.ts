import { definePlugin } from '@parsec/plugin-sdk';
import { SpireKeyManagerOptions } from './options.js';
import { SpireKeyManager } from './spire-key-manager.js';

/** The key manager `spire`. */
export default definePlugin({
  kind: 'key_manager',
  type: 'spire',
  apiVersion: 1,
  options: SpireKeyManagerOptions,
  instance: SpireKeyManager,
});
