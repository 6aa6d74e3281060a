import { definePlugin } from '@parsec/plugin-sdk';
import { AllowAllAuthorizer } from './allow-all-authorizer.js';
import { AllowAllAuthorizerOptions } from './options.js';

/** The authorizer `allow_all`. */
export default definePlugin({
  kind: 'authorizer',
  type: 'allow_all',
  apiVersion: 1,
  options: AllowAllAuthorizerOptions,
  instance: AllowAllAuthorizer,
});
