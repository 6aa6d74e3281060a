import { Duration } from '@parsec/plugin-sdk';
import { ArrayUnique, IsBoolean, IsIn, IsString } from 'class-validator';
import { ClaimsSection } from './claims-section.js';
import { ExpectText, ExpectThat } from './expect-that.js';
import { Section } from './section.js';

/** Kinds of token that parsec mints. */
export const TOKEN_ISSUER_TYPES = ['txn_token'] as const;
export type TokenIssuerType = (typeof TOKEN_ISSUER_TYPES)[number];

/** What mints one type of token. */
export class TokenIssuerSection {
  /** The kind of token. Required. */
  @IsIn(TOKEN_ISSUER_TYPES)
  readonly type!: TokenIssuerType;

  /** The `requested_token_type` that it answers; no other token issuer may have it. Required. */
  @ExpectText('a URI of at most 255 characters', /^(?=.{1,255}$)[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i)
  readonly token_type!: string;

  /** Name of a signer. Required. */
  @IsString()
  readonly signer!: string;

  /** Names of authorizers; all of them must permit. Required. */
  @ArrayUnique()
  @IsString({ each: true })
  @ExpectThat(
    'a list of at least one authorizer: without any, nothing would decide who gets this token',
    (value) => Array.isArray(value) && value.length > 0,
  )
  readonly authorizers!: string[];

  /** Milliseconds that a token lives; more than 900 s only with `allow_long_ttl`. */
  @Duration({ min: 1000, wholeSeconds: true })
  readonly ttl: number = 120_000;

  /** Whether `ttl` may exceed 900 s. */
  @IsBoolean()
  readonly allow_long_ttl: boolean = false;

  /** Whether tokens carry `iss`, which then is `server.issuer`. */
  @IsBoolean()
  readonly include_issuer: boolean = false;

  @Section(() => ClaimsSection)
  readonly claims: ClaimsSection = new ClaimsSection();
}
