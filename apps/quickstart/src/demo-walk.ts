import { styleText } from 'node:util';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { exchangeForm, signIn } from './calls.js';

/** Walks the road of a credential with real calls and shows every step on standard output. */
export async function walkDemo(tokenServiceUrl: string, identityProviderUrl: string): Promise<void> {
  say('1. Alice signs in. The identity provider gives her application an access token:');
  const alice = await signIn(identityProviderUrl, 'alice', 'orders.read orders.write');
  show(decodeJwt(alice.access_token));

  say('2. The gateway proves who it is and exchanges that token for a Txn-Token:');
  const granted = await exchange(tokenServiceUrl, identityProviderUrl, alice.access_token);
  const txnToken = String(granted.body['access_token']);
  show({ ...granted.body, access_token: `${txnToken.slice(0, 48)}…` });

  say('3. A service behind the gateway fetches the public keys:');
  const jwksUrl = new URL('/.well-known/jwks.json', tokenServiceUrl);
  show(await (await fetch(jwksUrl)).json());

  say('4. It verifies the Txn-Token with them, and now knows who asks, through whom, for what and in which context:');
  const { protectedHeader, payload } = await jwtVerify(txnToken, createRemoteJWKSet(jwksUrl), {
    typ: 'txntoken+jwt',
    algorithms: ['ES256'],
    audience: 'trust-domain.example',
    requiredClaims: ['iat', 'exp', 'txn', 'sub', 'scope', 'req_wl'],
  });
  show(protectedHeader);
  show(payload);

  say('5. Bob may look at orders, not write them. The same request on his behalf is refused:');
  const bob = await signIn(identityProviderUrl, 'bob', 'orders.read orders.write');
  const refused = await exchange(tokenServiceUrl, identityProviderUrl, bob.access_token);
  show({ status: refused.status, ...refused.body });
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function exchange(tokenServiceUrl: string, identityProviderUrl: string, subjectToken: string): Promise<Answer> {
  const assertion = await (await fetch(`${identityProviderUrl}/workload/assertion`)).text();
  const response = await fetch(`${tokenServiceUrl}/v1/token`, { method: 'POST', body: exchangeForm(subjectToken, assertion) });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

function say(sentence: string): void {
  process.stdout.write(`\n${styleText('bold', sentence)}\n\n`);
}

function show(value: unknown): void {
  const indented = JSON.stringify(value, null, 2).replaceAll(/^/gm, '   ');
  process.stdout.write(`${styleText('cyan', indented)}\n`);
}
