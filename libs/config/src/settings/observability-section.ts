import { IsIn } from 'class-validator';

/** Levels of the log, from most to least. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What parsec tells of itself. */
export class ObservabilitySection {
  /** The least level that is logged. */
  @IsIn(LOG_LEVELS)
  readonly log_level: LogLevel = 'info';
}
