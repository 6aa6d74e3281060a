import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ACCESS_TOKEN, API, Lab, makeLabKey, seconds, sign, TXN_TOKEN, WORKLOADS, type LabKey } from '../support/lab.js';
import { startParsec, type ParsecServer } from '../support/parsec-server.js';
import { until } from '../support/until.js';

/** Ways in which an endpoint for keys fails. Each issuer has one of its own. */
const OUTAGES: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  hangs: () => {},
  drips: (response) => response.writeHead(200).write('{'),
  resets: (response) => response.socket?.destroy(),
  resets_in_the_middle: (response) =>
    response.writeHead(200, { 'content-length': 1_000 }).write('{"keys":[', () => response.socket?.destroy()),
  errs: (response) => response.writeHead(500).end('{"keys":[]}'),
  is_overloaded: (response) => response.writeHead(503, { 'retry-after': '3600' }).end(),
  redirects: (response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
  says_nothing_changed: (response) => response.writeHead(304).end(),
  shows_a_page: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>maintenance</html>'),
  has_no_keys: (response) => response.end('{"keys":[]}'),
  has_bad_keys: (response) => response.end('{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"good"},{"kty":"oct","k":"AAAA"},7,null]}'),
  sends_megabytes: (response) => response.end(JSON.stringify({ keys: [], padding: 'x'.repeat(2_000_000) })),
};
const NAMES = Object.keys(OUTAGES);

describe('while the keys of issuers cannot be fetched', () => {
  let lab: Lab;
  let key: LabKey;
  let stranger: LabKey;
  let provider: Server;
  let parsec: ParsecServer;
  let isOut = false;
  const fetches = new Map<string, number>();

  beforeAll(async () => {
    [lab, key, stranger] = await Promise.all([Lab.open(), makeLabKey('ES256', 'good'), makeLabKey('ES256', 'unknown')]);
    provider = createServer(({ url = '' }, response) => {
      const name = url.slice(1);
      fetches.set(name, (fetches.get(name) ?? 0) + 1);
      const fail = OUTAGES[name];
      if (isOut && fail !== undefined) fail(response);
      else response.end(JSON.stringify({ keys: [key.jwk] }));
    });
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const { port } = provider.address() as AddressInfo;
    parsec = await startParsec((url) => ({
      ...lab.configuration(url),
      trust_stores: {
        outages: {
          type: 'static',
          options: {
            issuers: Object.fromEntries(
              NAMES.map((name) => [
                name,
                {
                  issuer: issuerOf(name),
                  jwks_uri: `http://127.0.0.1:${port}/${name}`,
                  accept_as: ['subject'],
                  token_types: [ACCESS_TOKEN],
                  audiences: [API],
                  namespace: name,
                },
              ]),
            ),
          },
        },
        workloads: {
          type: 'static',
          options: { issuers: { workloads: { issuer: WORKLOADS, jwks: { keys: [lab.workloads.jwk] }, accept_as: ['requester'] } } },
        },
      },
      authorizers: {
        issuance: {
          type: 'policy',
          options: { rules: [{ name: 'all', when: 'true', permit: { token_types: [TXN_TOKEN], scopes: ['*'] } }] },
        },
      },
      data_sources: {},
      token_issuers: { txn_token: { type: 'txn_token', token_type: TXN_TOKEN, signer: 'main', authorizers: ['issuance'] } },
    }));
    for (const name of NAMES) await until(`the keys of ${name} are there`, async () => (await exchange(name)) === 200);
    isOut = true;
  });

  afterAll(async () => {
    provider.closeAllConnections();
    provider.close();
    expect(await parsec.stop()).toBe(0);
  });

  const issuerOf = (name: string): string => `https://${name}.example`;

  async function exchange(name: string, signedWith = key, kid = signedWith.kid): Promise<number> {
    const claims = { iss: issuerOf(name), aud: API, sub: 'alice', exp: seconds() + 60, iat: seconds(), scope: 'trade.stocks' };
    const { status } = await parsec.post(await lab.form(parsec.url, { subject_token: await sign(signedWith, claims, { kid }) }));
    return status;
  }

  it('every token with a known key is answered, and unknown keys cause no fetch each', async () => {
    // The first unknown key of each issuer makes parsec look, and find the outage.
    const unknown = NAMES.map((name) => exchange(name, stranger));
    for (let round = 0; round < 20; round += 1) {
      expect(await Promise.all(NAMES.map((name) => exchange(name)))).toEqual(NAMES.map(() => 200));
      expect(await Promise.all(NAMES.slice(4).map((name) => exchange(name, stranger, `unknown-${round}`)))).toEqual(
        NAMES.slice(4).map(() => 400),
      );
    }
    expect(await Promise.all(unknown)).toEqual(NAMES.map(() => 400));
    // At the start, for the first unknown key, and as back-off has it after that: not once a token.
    expect(Math.max(...NAMES.map((name) => fetches.get(name) ?? 0))).toBeLessThan(8);
    expect((await fetch(`${parsec.managementUrl}/health/ready`)).status).toBe(200);
  });

  it('operators hear of each of them once', async () => {
    const told = parsec.log.filter(({ msg }) => msg === 'JWKS of trusted issuer cannot be fetched').map((line) => line['trusted_issuer']);
    expect(told.toSorted()).toEqual(NAMES.toSorted());
    const metrics = await (await fetch(`${parsec.managementUrl}/metrics`)).text();
    for (const name of NAMES) expect(metrics).toContain(`parsec_up{kind="trusted_issuer",name="${name}"} 0`);
  });
});
