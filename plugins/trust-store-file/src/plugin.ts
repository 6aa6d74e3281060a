import { definePlugin } from '@parsec/plugin-sdk';
import { FileTrustStore } from './file-trust-store.js';
import { FileTrustStoreOptions } from './options.js';

export default definePlugin({ kind: 'trust_store', type: 'file', apiVersion: 1, options: FileTrustStoreOptions, instance: FileTrustStore });
