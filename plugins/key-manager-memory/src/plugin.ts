import { definePlugin } from '@parsec/plugin-sdk';
import { MemoryKeyManager } from './memory-key-manager.js';
import { MemoryKeyManagerOptions } from './options.js';

/** The key manager `memory`. */
export default definePlugin({
  kind: 'key_manager',
  type: 'memory',
  apiVersion: 1,
  options: MemoryKeyManagerOptions,
  instance: MemoryKeyManager,
});
