import { Duration, IsCelExpression, Optional } from '@parsec/plugin-sdk';
import { POLICY_SCOPE } from '@parsec/plugin-sdk/cel';
import { Type } from 'class-transformer';
import { ArrayNotEmpty, ArrayUnique, IsArray, IsBoolean, IsDefined, IsNotEmpty, IsString, Matches, ValidateNested } from 'class-validator';
import { AreGrantedWithinScopes } from './validators.js';

/**
 * What a rule permits. A list that is left out permits nothing where it widens (`token_types`, `scopes`, `context`, `details`)
 * and anything that the trusted issuer allows where it narrows (`trusted_issuers`, `subject_token_types`).
 * In every list but `grant_scopes`, `*` stands for any run of characters.
 */
export class PermitOptions {
  /** Names of trusted issuers that the subject may come from. */
  @Optional()
  @IsArray()
  @IsString({ each: true })
  trusted_issuers?: string[];

  /** Types of subject token, as URIs. */
  @Optional()
  @IsArray()
  @IsString({ each: true })
  subject_token_types?: string[];

  /** `sub` of subjects. Must be given for subject tokens that are the requester's own word (`…:self_signed`, `…:unsigned_json`). */
  @Optional()
  @IsArray()
  @IsString({ each: true })
  subjects?: string[];

  /** Exact names of the claims that are kept of such a subject. */
  @IsArray()
  @Matches(/^[^*]+$/, { each: true, message: 'expected exact names, without *' })
  subject_claims: string[] = [];

  /** Namespaces of trusted issuers that such a subject may be in. */
  @IsArray()
  @Matches(/^[^*]+$/, { each: true, message: 'expected exact namespaces, without *' })
  subject_namespaces: string[] = [];

  /** Token types that may be asked for, as URIs. */
  @IsArray()
  @IsString({ each: true })
  token_types: string[] = [];

  /** Scopes that may be granted. Only limits: the subject's credential must allow them as well. */
  @IsArray()
  @IsString({ each: true })
  scopes: string[] = [];

  /** Exact scopes for credentials that do not say what they allow; for those, the only source. */
  @IsArray()
  @Matches(/^[\x21\x23-\x29\x2b-\x5b\x5d-\x7e]+$/, { each: true, message: 'expected exact scopes, without *' })
  @AreGrantedWithinScopes()
  grant_scopes: string[] = [];

  /** Members of `request_context` that the requester is believed about. */
  @IsArray()
  @IsString({ each: true })
  context: string[] = [];

  /** Members of `request_details` that the requester is believed about. */
  @IsArray()
  @IsString({ each: true })
  details: string[] = [];

  /** Longest life of the token. */
  @Optional()
  @Duration({ min: 1_000, wholeSeconds: true })
  max_ttl?: number;

  /** `false`: the token ends no later than the subject's credential. */
  @IsBoolean()
  outlive_subject = true;
}

/** One rule. The first whose `when` is true decides. */
export class RuleOptions {
  /** For the audit line. */
  @Matches(/^[a-z][a-z0-9_-]{0,63}$/, { message: 'expected lower-case letters, digits, dashes and underscores, beginning with a letter' })
  name!: string;

  /** A CEL expression over subject, requester, actor, request and now that yields true or false. */
  @IsCelExpression(POLICY_SCOPE)
  @IsNotEmpty()
  when!: string;

  @IsDefined({ message: 'expected what the rule permits' })
  @ValidateNested()
  @Type(() => PermitOptions)
  permit!: PermitOptions;
}

/** Options of the authorizer `policy`. */
export class PolicyOptions {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique((rule: RuleOptions) => rule?.name, { message: 'expected rules with names of their own' })
  @ValidateNested({ each: true })
  @Type(() => RuleOptions)
  rules!: RuleOptions[];
}
