import { AUTHENTICATION_METHODS, type AuthenticationMethod } from '@parsec/trust';
import { ArrayNotEmpty, ArrayUnique, IsArray, IsIn, IsInt, Max, Min } from 'class-validator';
import { IsHost } from './is-host.js';
import { IsIssuerUrl } from './is-issuer-url.js';
import { LimitsSection } from './limits-section.js';
import { Section } from './section.js';

/** Where parsec listens, and what it calls itself. */
export class ServerSection {
  /** This service's own identifier: what a client assertion names in `aud`, and `iss` of tokens that carry one. Required. */
  @IsIssuerUrl()
  readonly issuer!: string;

  /** Address of the token endpoint and the public keys. */
  @IsHost()
  readonly host: string = '127.0.0.1';

  /** Port of the token endpoint and the public keys. */
  @IsInt()
  @Min(1)
  @Max(65_535)
  readonly http_port: number = 8080;

  /** Address of health, metrics and administration. */
  @IsHost()
  readonly management_host: string = '127.0.0.1';

  /** Port of health, metrics and administration. */
  @IsInt()
  @Min(1)
  @Max(65_535)
  readonly management_port: number = 9091;

  /** The methods by which a requester may authenticate, and no others. */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(AUTHENTICATION_METHODS, { each: true })
  readonly client_authentication: readonly AuthenticationMethod[] = ['jwt_bearer'];

  @Section(() => LimitsSection)
  readonly limits: LimitsSection = new LimitsSection();
}
