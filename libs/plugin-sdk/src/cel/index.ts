export { CLAIMS_SCOPE, exchangeVariables, POLICY_SCOPE } from './exchange-variables.js';
export { compileExpression, type DataSourceLookup, type Expression, type ExpressionScope, type ExpressionVariables } from './expression.js';
export { toCel } from './values.js';
