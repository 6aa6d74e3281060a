import { Duration } from '@parsec/plugin-sdk';
import { IsBoolean } from 'class-validator';
import { InstanceSection } from './instance-section.js';

/** One data source. */
export class DataSourceSection extends InstanceSection {
  /** `false`: its failure leaves the data out instead of failing the exchange. */
  @IsBoolean()
  readonly required: boolean = true;

  /** Milliseconds that one answer may take. */
  @Duration({ min: 1, max: 30_000 })
  readonly timeout: number = 500;
}
