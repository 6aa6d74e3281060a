import type { ExchangeFacts, Principal } from '@parsec/plugin-sdk';

/** A principal for tests, with whatever a test changes. */
export function samplePrincipal(changes: Partial<Principal> = {}): Principal {
  return {
    sub: 'corp:alice',
    issuer: 'https://idp.example',
    trustedIssuer: 'corp_idp',
    trustDomain: null,
    tokenType: 'urn:ietf:params:oauth:token-type:access_token',
    scope: ['trade.stocks'],
    audience: ['https://api.example'],
    claims: { email: 'alice@example.com' },
    ...changes,
  };
}

/** The facts of an exchange for tests, with whatever a test changes. */
export function sampleFacts(changes: Partial<ExchangeFacts> = {}): ExchangeFacts {
  return {
    subject: samplePrincipal(),
    requester: samplePrincipal({
      sub: 'gateway.trust-domain.example',
      issuer: 'https://workloads.example',
      trustedIssuer: 'workloads',
      tokenType: 'urn:ietf:params:oauth:token-type:jwt',
      scope: null,
      audience: ['https://tts.example'],
      claims: {},
    }),
    actor: null,
    request: {
      tokenType: 'urn:ietf:params:oauth:token-type:txn_token',
      audience: 'trust-domain.example',
      scope: ['trade.stocks'],
      peerIp: '192.0.2.1',
      context: { req_ip: '198.51.100.7' },
      details: { action: 'buy' },
    },
    now: Date.UTC(2026, 0, 1),
    ...changes,
  };
}
