import { ByteSize, Duration } from '@parsec/plugin-sdk';
import { IsInt, Max, Min } from 'class-validator';

const KIB = 1024;
const SECOND = 1000;

/** Bounds on what one caller can cost (SPEC.md section 8). */
export class LimitsSection {
  /** Bytes of a request's body. */
  @ByteSize({ min: KIB, max: 16 * KIB * KIB })
  readonly body: number = 64 * KIB;

  /** Bytes of a request's header section. */
  @ByteSize({ min: KIB, max: 256 * KIB })
  readonly headers: number = 16 * KIB;

  /** Nesting of JSON in contexts and claims. */
  @IsInt()
  @Min(1)
  @Max(64)
  readonly json_depth: number = 32;

  /** Bytes of an issued token. */
  @ByteSize({ min: KIB, max: 64 * KIB })
  readonly token: number = 8 * KIB;

  /** Milliseconds until a request's header section must be there. */
  @Duration({ min: 100, max: 60 * SECOND })
  readonly header_timeout: number = 10 * SECOND;

  /** Milliseconds until a whole request must be there; no less than `header_timeout`. */
  @Duration({ min: 100, max: 300 * SECOND })
  readonly request_timeout: number = 30 * SECOND;

  /** Milliseconds that an idle connection stays open. */
  @Duration({ min: SECOND, max: 600 * SECOND })
  readonly keep_alive: number = 65 * SECOND;

  /** Milliseconds that requests under way may take to end when parsec stops. */
  @Duration({ min: 0, max: 600 * SECOND })
  readonly drain: number = 20 * SECOND;
}
