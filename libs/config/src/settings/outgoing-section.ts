import { Optional } from '@parsec/plugin-sdk';
import { IsArray, IsNotEmpty, IsString } from 'class-validator';
import { ExpectThat } from './expect-that.js';

/** How issuers and their keys are reached. */
export class OutgoingSection {
  /** A file with certificates of authorities (PEM) that are trusted beside those that Node brings; relative to the configuration file. */
  @Optional()
  @IsString({ message: 'expected the path of a file' })
  @IsNotEmpty({ message: 'expected the path of a file' })
  readonly ca_file?: string;

  /** An HTTP proxy for everything but loopback and `no_proxy`; best given as `${file:…}` where it has a password. The environment is not asked. */
  @Optional()
  @ExpectThat('the URL of an HTTP proxy, such as http://proxy.example:3128', isProxyUrl)
  readonly proxy?: string;

  /** Hosts that are reached without the proxy; `.example` stands for all names below `example`. */
  @IsArray()
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  readonly no_proxy: readonly string[] = [];
}

function isProxyUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, pathname, search, hash } = new URL(value);
  return (protocol === 'http:' || protocol === 'https:') && pathname === '/' && search === '' && hash === '';
}
