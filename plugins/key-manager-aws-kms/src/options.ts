import { Optional, PlainMap } from '@parsec/plugin-sdk';
import { IsInt, Matches, Max, Min } from 'class-validator';
import { IsEndpoint, IsTags } from './validators.js';

/** Leaves room for the longest key identifier in the 256 characters of an alias; `alias/aws/` belongs to AWS. */
const ALIAS_PREFIX = /^(?!.{101})(?!aws(?:\/|$))[a-zA-Z0-9_-]+(?:\/[a-zA-Z0-9_-]+)*$/;

/** The options of the key manager `aws_kms`. */
export class AwsKmsKeyManagerOptions {
  /**
   * What sets the keys of this parsec apart in the account and region: a key has the alias `alias/<alias_prefix>/<key id>`, where `/` stands for the `.` of the identifier.
   * Letters, digits, `_`, `-` and `/`.
   */
  @Matches(ALIAS_PREFIX, {
    message:
      'expected a prefix of KMS aliases such as parsec/prod: at most 100 letters, digits, _ and -, in steps joined by /, not beginning with aws/',
  })
  readonly alias_prefix!: string;

  /** The AWS region. Default: `AWS_REGION`, or what the AWS configuration file says. */
  @Optional()
  @Matches(/^[a-z]+(?:-[a-z]+)+-\d{1,2}$/, { message: 'expected an AWS region such as eu-central-1' })
  readonly region?: string;

  /** Where KMS is, such as a VPC endpoint: https, or http on loopback. Default: the public endpoint of the region. */
  @Optional()
  @IsEndpoint()
  readonly endpoint?: string;

  /** Days between the deletion of a key and the end of its key material, 7 to 30, in which an operator can still cancel it. */
  @IsInt({ message: 'expected a number of days from 7 to 30' })
  @Min(7, { message: 'expected a number of days from 7 to 30' })
  @Max(30, { message: 'expected a number of days from 7 to 30' })
  readonly deletion_window: number = 7;

  /** Further tags of every key that is made, such as those that costs are told apart by: name to value. */
  @IsTags()
  @PlainMap()
  readonly tags: Map<string, string> = new Map();
}
