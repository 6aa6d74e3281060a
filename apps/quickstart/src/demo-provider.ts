import { randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Adapter, ResourceServer, TokenEndpointGrantContext } from 'oidc-provider';
import { API_SCOPES, DEMO_USERS } from './demo-users.js';
import { errors, Provider } from './oidc-provider.js';

/** The API that the demonstration's access tokens are for. */
export const DEMO_API = 'https://api.example.com';
/** The application that users sign in to, with its secret: a demonstration on loopback keeps none. */
export const DEMO_CLIENT = { id: 'demo-app', secret: 'demo-secret' } as const;
/** The demonstration's own grant: tokens for the user named in `username`, where a real application would show a sign-in page. */
export const DEMO_GRANT = 'urn:parsec:demo:user';

const TOKEN_TTL_SECONDS = 60 * 60;
const RESOURCE_SERVER: ResourceServer = {
  scope: API_SCOPES.join(' '),
  audience: DEMO_API,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'RS256' } },
};

/** Everything the demonstration issues is a JWT, so there is nothing to keep. */
const KEEPS_NOTHING: Adapter = {
  upsert: async () => {},
  find: async () => {},
  findByUserCode: async () => {},
  findByUid: async () => {},
  consume: async () => {},
  destroy: async () => {},
  revokeByGrantId: async () => {},
};

/** A new RS256 key, private half included, as the provider takes it. */
export async function makeProviderKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'RS256', use: 'sig' };
}

/**
 * An OpenID provider that issues RS256 access tokens as JWTs (RFC 9068), and an ID token too where the scope holds `openid`.
 * @param keys the first one signs, all are published
 */
export function makeDemoProvider(issuer: string, keys: readonly JWK[]): InstanceType<typeof Provider> {
  const provider = new Provider(issuer, {
    clients: [
      { client_id: DEMO_CLIENT.id, client_secret: DEMO_CLIENT.secret, grant_types: [DEMO_GRANT], response_types: [], redirect_uris: [] },
    ],
    jwks: { keys: [...keys] },
    adapter: () => KEEPS_NOTHING,
    cookies: { keys: [randomBytes(32).toString('hex')] },
    ttl: { AccessToken: TOKEN_TTL_SECONDS, IdToken: TOKEN_TTL_SECONDS },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: true, getResourceServerInfo: () => RESOURCE_SERVER },
    },
    extraTokenClaims: (_ctx, token) => ('accountId' in token ? { ...DEMO_USERS.get(String(token.accountId))?.claims } : undefined),
  });
  provider.registerGrantType<DemoGrantParameters>(DEMO_GRANT, issueTokens, ['username', 'scope']);
  return provider;
}

interface DemoGrantParameters {
  readonly username?: string;
  readonly scope?: string;
}

async function issueTokens(ctx: TokenEndpointGrantContext<DemoGrantParameters>): Promise<void> {
  const { client, params, provider } = ctx.oidc;
  const user = DEMO_USERS.get(params.username ?? '');
  if (user === undefined) throw new errors.InvalidRequest(`username must be one of ${[...DEMO_USERS.keys()].join(', ')}`);

  const asked = params.scope?.split(' ') ?? API_SCOPES;
  const scope = user.scopes.filter((name) => asked.includes(name)).join(' ');
  const token = new provider.AccessToken({ client, accountId: user.claims.sub, grantId: DEMO_GRANT, gty: DEMO_GRANT, scope });
  token.resourceServer = new provider.ResourceServer(DEMO_API, RESOURCE_SERVER);

  const idToken = new provider.IdToken({}, { ctx });
  for (const [claim, value] of Object.entries(user.claims)) idToken.set(claim, value);

  ctx.body = {
    access_token: await token.save(),
    token_type: token.tokenType,
    expires_in: TOKEN_TTL_SECONDS,
    scope,
    ...(asked.includes('openid') && { id_token: await idToken.issue({ use: 'idtoken' }) }),
  };
}
