/** The form of the names that configuration gives. Two underscores would be a step of a path in an environment variable. */
export const INSTANCE_NAME = /^(?!.*__)[a-z][a-z0-9_]{0,62}$/;

/** scope-token (RFC 6749 section 3.3). */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Whether a value is one scope (RFC 6749 section 3.3). */
export function isScopeToken(value: unknown): value is string {
  return typeof value === 'string' && SCOPE_TOKEN.test(value);
}
