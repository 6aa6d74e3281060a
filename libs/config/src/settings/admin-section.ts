import { IsString, MinLength } from 'class-validator';

/** Access to `/admin` on the management port. */
export class AdminSection {
  /** The bearer token that administrators present; best given as `${file:…}`. Required. */
  @IsString()
  @MinLength(16)
  readonly token!: string;
}
