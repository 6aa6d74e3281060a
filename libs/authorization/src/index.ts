export { authorize, DeniedError, Grant, type NamedAuthorizer } from './authorize.js';
export { grantScope } from './grant-scope.js';
