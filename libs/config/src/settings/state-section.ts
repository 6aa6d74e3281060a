import { IsIn } from 'class-validator';

/** Where the state of one or several replicas can be kept. */
export const STATE_TYPES = ['memory'] as const;
export type StateType = (typeof STATE_TYPES)[number];

/** State that outlives one exchange, such as the marks of assertions that were used. */
export class StateSection {
  /** `memory`: in this process alone. */
  @IsIn(STATE_TYPES)
  readonly type: StateType = 'memory';
}
