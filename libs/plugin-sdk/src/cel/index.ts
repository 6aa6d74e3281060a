export { CLAIMS_SCOPE, exchangeVariables, POLICY_SCOPE, requestVariable, SUBJECT_SCOPE } from './exchange-variables.js';
export {
  analyseExpression,
  compileExpression,
  type DataSourceLookup,
  type Evaluation,
  type Expression,
  type ExpressionScope,
  type ExpressionVariables,
} from './expression.js';
export { toCel } from './values.js';
