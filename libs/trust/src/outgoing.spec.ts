import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { NameResolver } from './address-guard.js';
import { OutgoingClient } from './outgoing.js';

const LIMITS = { timeout: 1_000, maxBytes: 1_000, allowHttp: true };
const never = new AbortController().signal;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const resolvesTo =
  (...addresses: readonly string[]): NameResolver =>
  (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

function client(resolveName?: NameResolver): OutgoingClient {
  const made = new OutgoingClient({}, resolveName);
  closers.push(() => made.close());
  return made;
}

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

describe('an outgoing request', () => {
  it('reaches a name that resolves to an address which the operator may use', async () => {
    const port = await serve((_request, response) => response.setHeader('cache-control', 'max-age=60').end('{"keys":[]}'));
    const fetched = await client(resolvesTo('127.0.0.1')).fetchJson(`http://keys.internal:${port}/`, LIMITS, never);
    expect(fetched).toEqual({ document: { keys: [] }, etag: undefined, cacheControl: 'max-age=60' });
  });

  it.each([
    ['169.254.169.254'],
    ['127.0.0.1', '169.254.169.254'],
    ['100.100.100.200'],
    ['fe80::1'],
    ['fd00:ec2::254'],
    ['::ffff:169.254.169.254'],
    ['64:ff9b::a9fe:a9fe'],
    ['64:ff9b:1::a9fe:a9fe'],
    ['::169.254.169.254'],
    ['2002:a9fe:a9fe::'],
    ['168.63.129.16'],
    ['fd20:ce::254'],
  ])('never reaches a name that resolves to %s', async (...addresses) => {
    let reached = 0;
    const port = await serve((_request, response) => {
      reached += 1;
      response.end('{}');
    });
    await expect(client(resolvesTo(...addresses)).fetchJson(`http://metadata.internal:${port}/`, LIMITS, never)).rejects.toThrow(
      'EFORBIDDEN',
    );
    expect(reached).toBe(0);
  });

  it('says what is at hand already, and takes no for an answer', async () => {
    const port = await serve((request, response) => {
      if (request.headers['if-none-match'] === '"one"') response.writeHead(304).end();
      else response.setHeader('etag', '"one"').end('{"keys":[]}');
    });
    const url = `http://127.0.0.1:${port}/`;
    expect(await client().fetchJson(url, LIMITS, never)).toMatchObject({ document: { keys: [] }, etag: '"one"' });
    expect(await client().fetchJson(url, { ...LIMITS, etag: '"one"' }, never)).toMatchObject({ document: undefined, etag: '"one"' });
  });

  it('does not believe that nothing changed where nothing is at hand', async () => {
    const port = await serve((_request, response) => response.writeHead(304).end());
    await expect(client().fetchJson(`http://127.0.0.1:${port}/`, LIMITS, never)).rejects.toThrow('status 304');
  });

  it('is over when its time is, however the answer drips', async () => {
    const port = await serve((_request, response) => {
      response.write('{');
    });
    await expect(client().fetchJson(`http://127.0.0.1:${port}/`, { ...LIMITS, timeout: 50 }, never)).rejects.toThrow(
      'did not answer within 50ms',
    );
  });

  it('is over when nobody waits for it any more', async () => {
    const caller = new AbortController();
    const port = await serve(() => caller.abort());
    await expect(client().fetchJson(`http://127.0.0.1:${port}/`, LIMITS, caller.signal)).rejects.toThrow('could not be reached');
  });
});
