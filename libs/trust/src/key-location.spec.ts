import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@parsec/plugin-testing';
import { DiscoveredLocation } from './key-location.js';
import { OutgoingClient } from './outgoing.js';

const never = new AbortController().signal;
let server: Server;
let origin: string;
let client: OutgoingClient;
let clock: FakeClock;
let documents: Record<string, unknown>;
let asked: string[];

beforeEach(async () => {
  [documents, asked, clock, client] = [{}, [], new FakeClock(), new OutgoingClient()];
  server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const document = documents[url];
    if (document === undefined) response.writeHead(404).end();
    else response.end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});

const OPENID = '/.well-known/openid-configuration';
const find = (issuer = origin, allowHosts: readonly string[] = []): Promise<string> =>
  new DiscoveredLocation({ issuer, allowHosts, allowHttp: false, client, clock }).find(never);

describe('keys are where the metadata of their issuer says', () => {
  it('if it is an OpenID provider', async () => {
    documents = { [OPENID]: { issuer: origin, jwks_uri: `${origin}/keys` } };
    expect(await find()).toBe(`${origin}/keys`);
  });

  it('if it is an authorization server, whose metadata stand before its path', async () => {
    const issuer = `${origin}/tenant`;
    documents = { '/.well-known/oauth-authorization-server/tenant': { issuer, jwks_uri: `${origin}/keys` } };
    expect(await find(issuer)).toBe(`${origin}/keys`);
    expect(asked).toEqual([`/tenant${OPENID}`, '/.well-known/oauth-authorization-server/tenant']);
  });

  it('for an hour, or until nothing good is there', async () => {
    documents = { [OPENID]: { issuer: origin, jwks_uri: `${origin}/keys` } };
    const location = new DiscoveredLocation({ issuer: origin, allowHosts: [], allowHttp: false, client, clock });
    await location.find(never);
    clock.advance(3_599_000);
    await location.find(never);
    expect(asked).toHaveLength(1);
    documents = { [OPENID]: { issuer: origin, jwks_uri: `${origin}/moved` } };
    clock.advance(1_000);
    expect(await location.find(never)).toBe(`${origin}/moved`);
    documents = { [OPENID]: { issuer: origin, jwks_uri: `${origin}/again` } };
    location.doubt();
    expect(await location.find(never)).toBe(`${origin}/again`);
  });

  it('at another host only if that is allowed by name', async () => {
    documents = { [OPENID]: { issuer: origin, jwks_uri: 'https://keys.example/jwks' } };
    await expect(find()).rejects.toThrow("neither the issuer's nor among its allow_hosts");
    await expect(find(origin, ['example'])).rejects.toThrow('allow_hosts');
    expect(await find(origin, ['keys.example'])).toBe('https://keys.example/jwks');
  });

  it.each([
    ['names another issuer', { issuer: 'https://other.example', jwks_uri: 'SELF/keys' }, 'names another issuer'],
    ['names the issuer with a slash more', { issuer: 'SELF/', jwks_uri: 'SELF/keys' }, 'names another issuer'],
    ['has no jwks_uri', { issuer: 'SELF' }, 'has no jwks_uri'],
    ['has a jwks_uri at another port', { issuer: 'SELF', jwks_uri: 'http://127.0.0.1:1/keys' }, 'allow_hosts'],
    ['has a jwks_uri that is a file', { issuer: 'SELF', jwks_uri: 'file:///etc/passwd' }, 'allow_hosts'],
    ['has a jwks_uri with a credential', { issuer: 'SELF', jwks_uri: 'https://user:pass@keys.example/' }, 'with a credential'],
    ['is a list', [], 'is not a JSON object'],
  ])('and nowhere where it %s', async (_name, document, problem) => {
    documents = { [OPENID]: JSON.parse(JSON.stringify(document).replaceAll('SELF', origin)) as unknown };
    await expect(find()).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE', message: expect.stringContaining(problem) });
  });
});
