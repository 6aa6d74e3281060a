import { IsNotEmpty, IsString } from 'class-validator';

/** Options of the trust store `file`. */
export class FileTrustStoreOptions {
  /** A document of trusted issuers (YAML or JSON), or a directory with any number of them; relative to the configuration file. */
  @IsString()
  @IsNotEmpty()
  path!: string;
}
