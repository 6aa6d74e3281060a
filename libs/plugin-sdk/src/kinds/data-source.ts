import type { HealthReporter } from '../health.js';
import type { JsonValue } from '../json.js';
import type { CallContext, ExchangeFacts } from '../principals.js';

/** Given subject, requester and request, what else do we know? */
export interface DataSource extends Partial<HealthReporter> {
  /**
   * @returns JSON, or `undefined` where there is nothing to know: no data is not a failure.
   * Throws `UnavailableError` where trying again later may help. Never put a credential in what is returned.
   */
  fetch(facts: ExchangeFacts, context: CallContext): Promise<JsonValue | undefined>;
}
