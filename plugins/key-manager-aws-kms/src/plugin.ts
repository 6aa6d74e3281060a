import { definePlugin } from '@parsec/plugin-sdk';
import { AwsKmsKeyManager } from './aws-kms-key-manager.js';
import { AwsKmsKeyManagerOptions } from './options.js';

/** The key manager `aws_kms`. */
export default definePlugin({
  kind: 'key_manager',
  type: 'aws_kms',
  apiVersion: 1,
  options: AwsKmsKeyManagerOptions,
  instance: AwsKmsKeyManager,
});
