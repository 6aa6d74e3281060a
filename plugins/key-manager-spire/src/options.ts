import { Duration, Optional, PlainMap } from '@parsec/plugin-sdk';
import { IsArray, IsBoolean, IsString, Matches, ValidateIf } from 'class-validator';
import { IsEnvironment } from './is-environment.js';

/** The options of the key manager `spire`. */
export class SpireKeyManagerOptions {
  /** The absolute path of the plugin, a program. */
  @Matches(/^\/[^\0]+$/, { message: 'expected the absolute path of a program' })
  readonly command!: string;

  /** What the program is started with. */
  @IsArray()
  @Matches(/^[^\0]*$/, { each: true, message: 'expected a list of texts' })
  readonly args: readonly string[] = [];

  /** The SHA-256 of the program in hex, as `sha256sum` prints it; compared before each start. Left out only with `allow_unchecked: true`. */
  @ValidateIf(({ checksum, allow_unchecked }: SpireKeyManagerOptions) => checksum !== undefined || !allow_unchecked)
  @Matches(/^[0-9A-Fa-f]{64}$/, {
    message: 'expected the SHA-256 of the program, 64 hexadecimal digits (or allow_unchecked: true instead)',
  })
  readonly checksum?: string;

  /** Whether the program may be started without a checksum. */
  @IsBoolean()
  readonly allow_unchecked: boolean = false;

  /** The plugin's own configuration, HCL or JSON as its author says; handed over as it is. */
  @IsString()
  readonly plugin_configuration = '';

  /** The trust domain that the plugin is told it works for. */
  @Matches(/^[a-z0-9._-]{1,255}$/, { message: 'expected the name of a trust domain, such as example.org' })
  readonly trust_domain!: string;

  /** Environment variables of the program beside `PATH`, `HOME` and `TMPDIR`: it sees nothing else of parsec's own. */
  @Optional()
  @IsEnvironment()
  @PlainMap()
  readonly environment?: Map<string, string>;

  /** How long a start may take, from the launch until the plugin has taken its configuration. */
  @Duration({ min: 1 })
  readonly start_timeout: number = 60_000;
}
