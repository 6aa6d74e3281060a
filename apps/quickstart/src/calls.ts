import { DEMO_CLIENT, DEMO_GRANT } from './demo-provider.js';

/** What the gateway says about the call it serves. */
export const EXAMPLE_CONTEXT = { req_ip: '203.0.113.7', authn: 'urn:ietf:rfc:6749' } as const;
/** What the transaction is about. */
export const EXAMPLE_DETAILS = { action: 'BUY', ticker: 'MSFT', quantity: '100' } as const;

/** An answer of the demonstration identity provider. */
export interface SignedIn {
  readonly access_token: string;
  /** There where the scope held `openid`. */
  readonly id_token?: string;
}

/**
 * Asks the demonstration identity provider for a user's tokens.
 * @param scope names separated by spaces
 * @throws Error where it refuses
 */
export async function signIn(identityProviderUrl: string, username: string, scope: string): Promise<SignedIn> {
  const response = await fetch(`${identityProviderUrl}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${DEMO_CLIENT.id}:${DEMO_CLIENT.secret}`)}` },
    body: new URLSearchParams({ grant_type: DEMO_GRANT, username, scope }),
  });
  if (!response.ok) throw new Error(`the identity provider answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as SignedIn;
}

/** The form of one token exchange: the gateway asks for a Txn-Token on behalf of a user. */
export function exchangeForm(subjectToken: string, clientAssertion: string, scope = 'trade.stocks'): URLSearchParams {
  return new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    requested_token_type: 'urn:ietf:params:oauth:token-type:txn_token',
    audience: 'trust-domain.example',
    scope,
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: clientAssertion,
    request_context: JSON.stringify(EXAMPLE_CONTEXT),
    request_details: JSON.stringify(EXAMPLE_DETAILS),
  });
}
