import { Duration, Optional } from '@parsec/plugin-sdk';
import { IsIn, IsNotEmpty, IsString } from 'class-validator';
import { ExpectText, ExpectThat } from './expect-that.js';

/** Where the state of one or several replicas can be kept. */
export const STATE_TYPES = ['memory', 'redis'] as const;
export type StateType = (typeof STATE_TYPES)[number];

/** State that outlives one exchange: which keys are published, and the marks of assertions that were used. */
export class StateSection {
  /** `memory`: one replica; what must outlive it goes into `directory`. `redis`: what several replicas share. */
  @IsIn(STATE_TYPES)
  readonly type: StateType = 'memory';

  /** With `memory`: a directory for the public halves of keys; relative to the configuration file. Left out: `./var/state`. */
  @Optional()
  @IsString({ message: 'expected the path of a directory' })
  @IsNotEmpty({ message: 'expected the path of a directory' })
  readonly directory?: string;

  /** With `redis`: where Redis or Valkey is. Required there. */
  @Optional()
  @ExpectThat('the URL of a Redis server, such as redis://127.0.0.1:6379 or rediss://redis.example:6380', isRedisUrl)
  readonly url?: string;

  /** With `redis`: the user. Left out: the default one. */
  @Optional()
  @IsString()
  @IsNotEmpty()
  readonly username?: string;

  /** With `redis`: the password; best given as `${file:…}`. */
  @Optional()
  @IsString()
  @IsNotEmpty()
  readonly password?: string;

  /** With `redis`: what the replicas authenticate their entries with; best given as `${file:…}`. Required there. */
  @Optional()
  @ExpectThat('at least 32 characters', (value) => typeof value === 'string' && value.length >= 32)
  readonly secret?: string;

  /** With `redis`: the name of this replica, its own among all and the same after a restart. Left out: the host name and `server.http_port`. */
  @Optional()
  @ExpectText('1 to 128 letters, digits and any of . _ : -', /^[A-Za-z0-9._:-]{1,128}$/)
  readonly replica?: string;

  /** With `redis`: milliseconds for which a replica that is not heard of holds up the rotation of the others. Left out: 10 min. */
  @Optional()
  @Duration({ min: 10_000 })
  readonly replica_timeout?: number;
}

function isRedisUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(value);
  // Secrets in a URL end up where URLs do. A database that is refused would be replaced by another one without a word.
  const isPlain = [username, password, search, hash].every((part) => part === '') && (pathname === '' || pathname === '/');
  return (protocol === 'redis:' || protocol === 'rediss:') && hostname !== '' && isPlain;
}
