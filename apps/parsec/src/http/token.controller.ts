import { All, Controller, Post, Req, Res } from '@nestjs/common';
import { parseForm, type ExchangeCall, type ExchangeOutcome } from '@parsec/exchange';
import { ParsecError } from '@parsec/plugin-sdk';
import type { Request, Response } from 'express';
import { TOKEN_PATH } from '../service/endpoints.js';
import { ServiceHost } from '../service/service-host.js';
import { callerOf } from './caller.js';
import { checkMediaType } from './media-type.js';
import { toOAuthError } from './oauth-error.js';

/** The token endpoint: turns HTTP into a call of the road, and its outcome into HTTP. */
@Controller(TOKEN_PATH)
export class TokenController {
  constructor(private readonly host: ServiceHost) {}

  @Post()
  async exchange(@Req() request: Request, @Res() response: Response): Promise<void> {
    const outcome = await this.host.service.exchange.run({ ...callerOf(request), ...readCall(request, response) });
    answer(response, outcome);
  }

  @All()
  refuseMethod(@Req() request: Request, @Res() response: Response): void {
    this.refuse(new ParsecError('PARSEC_REQUEST_METHOD_NOT_ALLOWED', 'a method other than POST'), request, response);
  }

  /** Answers a request that failed before there was anything to exchange. */
  refuse(error: unknown, request: Request, response: Response): void {
    answer(response, this.host.service.exchange.refuse(error, callerOf(request)));
  }
}

function readCall(request: Request, response: Response): Pick<ExchangeCall, 'form' | 'authorizationScheme' | 'signal'> {
  const { authorization } = request.headers;
  return {
    form: () => {
      checkMediaType(request.headers['content-type']);
      // Without a body, the parser in front of this leaves none.
      return parseForm(Buffer.isBuffer(request.body) ? request.body : new Uint8Array());
    },
    authorizationScheme: authorization === undefined ? undefined : (authorization.trim().split(/\s/, 1)[0] ?? ''),
    signal: abortedWhenGone(response),
  };
}

function abortedWhenGone(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished)
      controller.abort(new ParsecError('PARSEC_UNAVAILABLE', 'the caller has gone', { reason: 'caller_gone' }));
  });
  return controller.signal;
}

function answer(response: Response, outcome: ExchangeOutcome): void {
  if (outcome.outcome === 'refused') {
    const { status, headers, body } = toOAuthError(outcome);
    return send(response, status, headers, body);
  }
  const { token, tokenType, expiresIn, scope } = outcome;
  send(
    response,
    200,
    {},
    {
      access_token: token,
      issued_token_type: tokenType,
      token_type: 'N_A',
      expires_in: expiresIn,
      scope: scope.join(' '),
    },
  );
}

function send(response: Response, status: number, headers: Readonly<Record<string, string>>, body: object): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response
    .writeHead(status, {
      ...headers,
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      Pragma: 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      'Content-Length': bytes.length,
    })
    .end(bytes);
}
