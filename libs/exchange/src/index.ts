export {
  Exchange,
  type ExchangeCall,
  type ExchangeObserver,
  type ExchangeOutcome,
  type ExchangeSettings,
  type TokenRoute,
} from './exchange.js';
export { ExchangeRecord, type ExchangeFactsSoFar, type Step } from './exchange-record.js';
export { parseForm, type FormParameters } from './form.js';
