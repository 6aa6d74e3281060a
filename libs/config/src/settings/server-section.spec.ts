import { describe, expect, it } from '@jest/globals';
import { problemsOf, validBut } from '../testing/given.js';

const ISSUER =
  'wrong value; expected an https URL (http only on a loopback host) in lower case, without user, query, fragment, default port or trailing slash';

describe('a mistake in the server section', () => {
  it.each<[string, string, string, string]>([
    [
      'an unknown key',
      'server:\n',
      'server:\n  htpp_port: 1\n',
      'parsec.yaml:3:3 server.htpp_port: unknown key; did you mean "http_port"?',
    ],
    [
      'a port beyond the range',
      'server:\n',
      'server:\n  http_port: 65536\n',
      'parsec.yaml:3:3 server.http_port: wrong value; expected at most 65535',
    ],
    [
      'a port that is a text',
      'server:\n',
      'server:\n  http_port: "80"\n',
      'parsec.yaml:3:3 server.http_port: wrong value; expected an integer, at least 1, at most 65535',
    ],
    [
      'two listeners on one port',
      'server:\n',
      'server:\n  http_port: 9091\n',
      'parsec.yaml:2:1 server.management_port: wrong value; expected another port than server.http_port, because both listen on the same address',
    ],
    [
      'two listeners on one port of all addresses',
      'server:\n',
      'server: \n  host: 0.0.0.0\n  management_port: 8080\n',
      'parsec.yaml:4:3 server.management_port: wrong value; expected another port than server.http_port, because both listen on the same address',
    ],
    [
      'a host that is none',
      'server:\n',
      'server:\n  host: "[::1]"\n',
      'parsec.yaml:3:3 server.host: wrong value; expected an IP address or a host name',
    ],
    [
      'an issuer with a trailing slash',
      'https://tts.trust-domain.example',
      'https://tts.trust-domain.example/',
      `parsec.yaml:3:3 server.issuer: ${ISSUER}`,
    ],
    [
      'an issuer with a query',
      'https://tts.trust-domain.example',
      'https://tts.trust-domain.example?a',
      `parsec.yaml:3:3 server.issuer: ${ISSUER}`,
    ],
    [
      'an issuer with an empty fragment',
      'https://tts.trust-domain.example',
      '"https://tts.trust-domain.example#"',
      `parsec.yaml:3:3 server.issuer: ${ISSUER}`,
    ],
    [
      'an issuer with dots in its path',
      'https://tts.trust-domain.example',
      'https://tts.trust-domain.example/a/../b',
      `parsec.yaml:3:3 server.issuer: ${ISSUER}`,
    ],
    [
      'an issuer with its default port',
      'https://tts.trust-domain.example',
      'https://tts.trust-domain.example:443',
      `parsec.yaml:3:3 server.issuer: ${ISSUER}`,
    ],
    [
      'a way to authenticate that is not built',
      'server:\n',
      'server:\n  client_authentication: [mtls]\n',
      'parsec.yaml:3:3 server.client_authentication: wrong value; expected each element to be one of jwt_bearer, bearer',
    ],
    [
      'no way to authenticate',
      'server:\n',
      'server:\n  client_authentication: []\n',
      'parsec.yaml:3:3 server.client_authentication: wrong value; expected something that is not empty',
    ],
    [
      'a size without its unit',
      'server:\n',
      'server:\n  limits: { body: 65536 }\n',
      'parsec.yaml:3:13 server.limits.body: wrong value; expected a size such as 512B, 64KiB or 1MiB (at least 1024B, at most 16777216B)',
    ],
    [
      'a depth beyond the range',
      'server:\n',
      'server:\n  limits: { json_depth: 65 }\n',
      'parsec.yaml:3:13 server.limits.json_depth: wrong value; expected at most 64',
    ],
    [
      'headers that may take longer than the request',
      'server:\n',
      'server:\n  limits: { header_timeout: 31s }\n',
      'parsec.yaml:3:13 server.limits.header_timeout: wrong value; expected no more than server.limits.request_timeout',
    ],
  ])('%s', async (_mistake, part, replacement, line) => {
    expect(await problemsOf({ yaml: validBut(part, replacement) })).toEqual([line]);
  });
});
