import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeDemoProvider, makeProviderKey } from './demo-provider.js';
import { makeDemoWorkloads, type DemoWorkloads } from './demo-workloads.js';

/** How to start the demonstration identity provider. */
export interface DemoIdentityProviderOptions {
  /** Where to listen on loopback; left out or 0: any free port. */
  readonly port?: number;
  /** `aud` of the assertions that `GET /workload/assertion` hands out: the token service's `server.issuer`. */
  readonly audience: string;
}

/** A running identity provider on loopback, with the workload identity endpoint beside it. */
export interface DemoIdentityProvider {
  /** Where it listens, which is also the `iss` of its tokens. */
  readonly url: string;
  /** Makes client assertions without going over HTTP. */
  readonly workloads: DemoWorkloads;
  /** Signs with a new key from now on; the older ones stay published. */
  rotateKeys(): Promise<void>;
  /** Ends at once, open connections included. */
  close(): Promise<void>;
}

/**
 * Starts a real OpenID provider on 127.0.0.1 that issues tokens to anyone who asks: for demonstrations, tests and benchmarks.
 * It also plays the part of a workload API: `GET /workload/assertion` answers a fresh client assertion, `GET /workload/jwks.json` its key.
 * @throws the listening error of node:net, `EADDRINUSE` for one
 */
export async function startDemoIdentityProvider({ port = 0, audience }: DemoIdentityProviderOptions): Promise<DemoIdentityProvider> {
  const workloads = await makeDemoWorkloads();
  const keys = [await makeProviderKey()];
  const server = createServer();
  await listen(server, port);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let serveProvider = makeDemoProvider(url, keys).callback();
  server.on('request', (request, response) => {
    if (request.url === '/workload/assertion') void workloads.assertion(audience).then((jwt) => answer(response, 'text/plain', jwt));
    else if (request.url === '/workload/jwks.json') answer(response, 'application/json', JSON.stringify(workloads.jwks));
    else void serveProvider(request, response);
  });

  return {
    url,
    workloads,
    async rotateKeys() {
      keys.unshift(await makeProviderKey());
      serveProvider = makeDemoProvider(url, keys).callback();
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function answer(response: ServerResponse, contentType: string, body: string): void {
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
}
