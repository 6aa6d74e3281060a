import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeProviderKey, Provider, silently } from '@parsec/quickstart';
import type { TokenEndpointGrantContext } from 'oidc-provider';

/** Who signs in, and who asks about tokens. */
const CLIENT = { id: 'app', secret: 'app-secret' } as const;
export const ASKER = { id: 'parsec:asker', secret: 'a secret with : and / and %' } as const;
export const POSTING_ASKER = { id: 'posting', secret: ASKER.secret } as const;
const GRANT = 'urn:parsec:test:user';

/** A real OpenID provider whose access tokens say nothing by themselves. */
export interface OpaqueProvider {
  readonly url: string;
  readonly introspectionEndpoint: string;
  /** Tokens that it was asked about, oldest first. */
  readonly asked: readonly string[];
  /** What every question is answered with instead, while there is something. */
  fault: ((status: (code: number, body: string) => void) => void) | undefined;
  signIn(username: string, audience: string): Promise<string>;
  revoke(token: string): Promise<void>;
  close(): Promise<void>;
}

export async function startOpaqueProvider(): Promise<OpaqueProvider> {
  const server = createServer();
  const asked: string[] = [];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const jwks = { keys: [await makeProviderKey()] };
  // Everything is kept in memory, which it warns about.
  const provider = await silently(
    () =>
      new Provider(url, {
        jwks,
        ttl: { AccessToken: 3600, Grant: 3600 },
        cookies: { keys: ['cookies-are-not-used'] },
        clients: [
          { client_id: CLIENT.id, client_secret: CLIENT.secret, grant_types: [GRANT], response_types: [], redirect_uris: [] },
          ...[ASKER, POSTING_ASKER].map(({ id, secret }) => ({
            client_id: id,
            client_secret: secret,
            grant_types: [],
            response_types: [],
            redirect_uris: [],
            token_endpoint_auth_method: id === ASKER.id ? ('client_secret_basic' as const) : ('client_secret_post' as const),
          })),
        ],
        features: {
          devInteractions: { enabled: false },
          introspection: { enabled: true, allowedPolicy: (_ctx, client) => client.clientId !== CLIENT.id },
          revocation: { enabled: true },
        },
      }),
  );
  provider.use(async (ctx, next) => {
    await next();
    const { token } = (ctx as { oidc?: { params?: { token?: string } } }).oidc?.params ?? {};
    if (ctx.path === '/token/introspection' && token !== undefined) asked.push(token);
  });
  provider.registerGrantType<{ username: string; audience: string }>(
    GRANT,
    async (ctx: TokenEndpointGrantContext<{ username: string; audience: string }>) => {
      const { client, params } = ctx.oidc;
      const grant = new provider.Grant({ accountId: params.username, clientId: CLIENT.id });
      const grantId = await grant.save();
      const token = new provider.AccessToken({ client, accountId: params.username, grantId, gty: GRANT, scope: 'orders.write' });
      token.resourceServer = new provider.ResourceServer(params.audience, {
        scope: 'orders.write',
        audience: params.audience,
        accessTokenFormat: 'opaque',
      });
      ctx.body = { access_token: await token.save(), token_type: 'Bearer' };
    },
    ['username', 'audience'],
  );
  const serve = provider.callback();
  const opened: OpaqueProvider = {
    url,
    introspectionEndpoint: `${url}/token/introspection`,
    asked,
    fault: undefined,
    async signIn(username, audience) {
      const { access_token: token } = (await (await post('/token', { grant_type: GRANT, username, audience })).json()) as {
        access_token: string;
      };
      return token;
    },
    async revoke(token) {
      await post('/token/revocation', { token });
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
  server.on('request', (request, response) => {
    if (request.url !== '/token/introspection') return void serve(request, response);
    if (opened.fault !== undefined) return opened.fault((code, body) => response.writeHead(code).end(body));
    return void serve(request, response);
  });
  const post = (path: string, form: Record<string, string>): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` },
      body: new URLSearchParams(form),
    });
  return opened;
}
