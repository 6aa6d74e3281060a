import { IsNotEmpty, IsString } from 'class-validator';

/** The options of the key manager `file`. */
export class FileKeyManagerOptions {
  /**
   * The directory of the key files; a relative path starts at the directory of the configuration file.
   * Made with mode 0700 where it is missing. Only its owner may write to it.
   */
  @IsString({ message: 'expected the path of a directory' })
  @IsNotEmpty({ message: 'expected the path of a directory' })
  readonly directory!: string;
}
