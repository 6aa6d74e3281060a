import { isIP } from 'node:net';
import { ExpectThat } from './expect-that.js';

/** What a server can listen on: an IP address without brackets, or a host name. */
export function IsHost(): PropertyDecorator {
  return ExpectThat(
    'an IP address or a host name',
    (value) => typeof value === 'string' && (isIP(value) !== 0 || /^(?=.{1,253}$)[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*$/i.test(value)),
  );
}
