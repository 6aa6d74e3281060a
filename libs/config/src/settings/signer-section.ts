import { SIGNING_ALGORITHMS, type SigningAlgorithm } from '@parsec/plugin-sdk';
import { IsIn, IsString } from 'class-validator';

/** What signs tokens: an algorithm, with keys from a key manager. */
export class SignerSection {
  /** Name of a key manager. Required. */
  @IsString()
  readonly key_manager!: string;

  /** The JWS algorithm. */
  @IsIn(SIGNING_ALGORITHMS)
  readonly algorithm: SigningAlgorithm = 'ES256';
}
