import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Authority } from '../support/certificates.js';
import { Lab } from '../support/lab.js';
import { makeDirectory, startParsec, type ParsecServer } from '../support/parsec-server.js';
import { until } from '../support/until.js';

/** Keys of an issuer that is reached in an unusual way. */
describe('an issuer', () => {
  let lab: Lab;
  let authority: Authority;
  let provider: Server;
  let port: number;
  let place: Awaited<ReturnType<typeof makeDirectory>>;
  let parsec: ParsecServer | undefined;
  const hosts: string[] = [];

  beforeAll(async () => {
    [lab, authority] = await Promise.all([Lab.open(), Authority.make('an authority of our own')]);
    const certificate = await authority.issue([
      { type: 'ip', value: '127.0.0.1' },
      { type: 'dns', value: 'idp.internal.example' },
    ]);
    provider = createServer(certificate, (request, response) => {
      hosts.push(request.headers.host ?? '');
      response.end(JSON.stringify({ keys: [lab.idp.jwk] }));
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    ({ port } = provider.address() as AddressInfo);
  });
  beforeEach(async () => {
    place = await makeDirectory();
    await writeFile(join(place.directory, 'ca.pem'), authority.cert);
  });
  afterEach(async () => {
    await parsec?.stop();
    parsec = undefined;
    await place.remove();
  });
  afterAll(() => {
    provider.closeAllConnections();
    provider.close();
  });

  const start = async (jwksUri: string, outgoing: object): Promise<ParsecServer> => {
    parsec = await startParsec((url) => {
      const configuration = lab.configuration(url) as { trust_stores: { lab: { options: { issuers: { idp: Record<string, unknown> } } } } };
      const { idp } = configuration.trust_stores.lab.options.issuers;
      delete idp['jwks'];
      idp['jwks_uri'] = jwksUri;
      return { ...configuration, outgoing };
    }, place.directory);
    return parsec;
  };
  const isKnown = async ({ url, post }: ParsecServer): Promise<boolean> => (await post(await lab.form(url))).status === 200;
  const problem = async (server: ParsecServer): Promise<unknown> =>
    (await server.logged(({ msg }) => msg === 'JWKS of trusted issuer cannot be fetched'))['problem'];

  it('whose certificate is of an authority of our own is reached where that is named', async () => {
    const server = await start(`https://127.0.0.1:${port}/jwks`, { ca_file: './ca.pem' });
    await until('its keys are there', () => isKnown(server));
    expect(hosts.at(-1)).toBe(`127.0.0.1:${port}`);
  });

  it('whose certificate is of an authority that nobody named is not believed', async () => {
    const server = await start(`https://127.0.0.1:${port}/jwks`, {});
    expect(await problem(server)).toMatch(/could not be reached \(\w*(?:SELF_SIGNED|UNABLE_TO)\w*\)/);
    expect(await isKnown(server)).toBe(false);
  });

  it('that only a proxy can look up is reached through it, and its certificate is checked here', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createHttpServer().on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const each of [upstream, socket]) each.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://user:password@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const server = await start(`https://idp.internal.example:${port}/jwks`, { ca_file: './ca.pem', proxy: url });
      await until('its keys are there', () => isKnown(server));
      expect(asked).toEqual([`idp.internal.example:${port} Basic ${btoa('user:password')}`]);
      expect(hosts.at(-1)).toBe(`idp.internal.example:${port}`);
      expect(server.output()).not.toContain('password');
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('on loopback, or that is named, is reached without the proxy', async () => {
    const proxy = 'http://127.0.0.1:9';
    const server = await start(`https://127.0.0.1:${port}/jwks`, { ca_file: './ca.pem', proxy });
    await until('its keys are there', () => isKnown(server));
    await server.stop();
    const named = await start(`https://idp.internal.example:${port}/jwks`, { ca_file: './ca.pem', proxy, no_proxy: ['.internal.example'] });
    expect(await problem(named)).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it.each([
    ['is not there', 'missing.pem', /outgoing\.ca_file cannot be read as PEM certificates \(ENOENT\)/],
    ['holds no certificate', 'parsec.yaml', /outgoing\.ca_file cannot be read as PEM certificates/],
  ])('cannot be checked where the file of authorities %s, so parsec does not start', async (_what, file, said) => {
    await expect(start(`https://127.0.0.1:${port}/jwks`, { ca_file: file })).rejects.toThrow(said);
  });
});
