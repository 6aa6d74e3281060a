import { definePlugin } from '@parsec/plugin-sdk';
import { PolicyOptions } from './options.js';
import { PolicyAuthorizer } from './policy-authorizer.js';

export default definePlugin({
  kind: 'authorizer',
  type: 'policy',
  apiVersion: 1,
  options: PolicyOptions,
  instance: PolicyAuthorizer,
  issuerReferences: ({ rules }) =>
    rules.flatMap(({ permit }, rule) =>
      (permit.trusted_issuers ?? []).map((name, index) => ({ name, path: ['rules', rule, 'permit', 'trusted_issuers', index] })),
    ),
});
