import { ON_OUTAGE, type OnOutage } from '@parsec/trust';
import { IsIn } from 'class-validator';

/** How used client assertions are told. */
export class ReplaySection {
  /** While the shared state is out: `refuse` assertions that carry `jti` (503), or rely on what this replica saw itself (`local`). */
  @IsIn(ON_OUTAGE)
  readonly on_outage: OnOutage = 'refuse';
}
