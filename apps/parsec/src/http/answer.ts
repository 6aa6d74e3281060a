import type { ExchangeOutcome } from '@parsec/exchange';
import type { Response } from 'express';
import { toOAuthError } from './oauth-error.js';

/** Writes the answer of the token endpoint: RFC 8693 section 2.2.1 for a token, RFC 6749 section 5.2 for a refusal. */
export function answer(response: Response, outcome: ExchangeOutcome): void {
  if (outcome.outcome === 'refused') {
    const { status, headers, body } = toOAuthError(outcome);
    return send(response, status, headers, body);
  }
  const { token, tokenType, expiresIn, scope } = outcome;
  const body = { access_token: token, issued_token_type: tokenType, token_type: 'N_A', expires_in: expiresIn, scope: scope.join(' ') };
  send(response, 200, {}, body);
}

function send(response: Response, status: number, headers: Readonly<Record<string, string>>, body: object): void {
  if (response.headersSent || response.destroyed) return;
  // A text goes out in one piece with the headers; bytes would not.
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      ...headers,
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      'Content-Length': Buffer.byteLength(text),
    })
    .end(text);
}
