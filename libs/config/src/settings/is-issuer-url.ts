import { isLoopbackHost } from '@parsec/plugin-sdk';
import { ExpectThat } from './expect-that.js';

/** An issuer identifier (RFC 8414 section 2) in its one canonical spelling, because issuers are compared letter by letter. */
export function IsIssuerUrl(): PropertyDecorator {
  return ExpectThat(
    'an https URL (http only on a loopback host) in lower case, without user, query, fragment, default port or trailing slash',
    (value) => typeof value === 'string' && isIssuerUrl(value),
  );
}

function isIssuerUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  const { protocol, hostname, origin, pathname } = url;
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopbackHost(hostname))) return false;
  // Whatever the URL parser had to change, and user, query or fragment, makes the text differ from this.
  const canonical = pathname === '/' ? origin : origin + pathname;
  return text === canonical && !text.endsWith('/') && !pathname.includes('//');
}
