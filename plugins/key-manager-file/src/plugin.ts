import { definePlugin } from '@parsec/plugin-sdk';
import { FileKeyManager } from './file-key-manager.js';
import { FileKeyManagerOptions } from './options.js';

/** The key manager `file`. */
export default definePlugin({
  kind: 'key_manager',
  type: 'file',
  apiVersion: 1,
  options: FileKeyManagerOptions,
  instance: FileKeyManager,
});
