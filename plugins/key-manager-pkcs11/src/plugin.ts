import { definePlugin } from '@parsec/plugin-sdk';
import { Pkcs11KeyManagerOptions } from './options.js';
import { Pkcs11KeyManager } from './pkcs11-key-manager.js';

/** The key manager `pkcs11`. */
export default definePlugin({
  kind: 'key_manager',
  type: 'pkcs11',
  apiVersion: 1,
  options: Pkcs11KeyManagerOptions,
  instance: Pkcs11KeyManager,
});
