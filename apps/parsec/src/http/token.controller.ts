import { All, Controller, Post, Req, Res } from '@nestjs/common';
import { parseForm, type ExchangeCall } from '@parsec/exchange';
import { ParsecError } from '@parsec/plugin-sdk';
import type { Request, Response } from 'express';
import { TOKEN_PATH } from '@parsec/config';
import { ServiceHost } from '../service/service-host.js';
import { answer } from './answer.js';
import { callerOf } from './caller-of.js';
import { checkMediaType } from './check-media-type.js';
import { readBody } from './read-body.js';

/** The token endpoint: turns HTTP into a call of the road, and its outcome into HTTP. */
@Controller(TOKEN_PATH)
export class TokenController {
  constructor(private readonly host: ServiceHost) {}

  @Post()
  async exchange(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { exchange, configuration } = this.host.service;
    answer(response, await exchange.run(readCall(request, response, configuration.settings.server.limits.body)));
  }

  @All()
  refuseMethod(): never {
    throw new ParsecError('PARSEC_REQUEST_METHOD_NOT_ALLOWED', 'a method other than POST');
  }
}

function readCall(request: Request, response: Response, maxBody: number): ExchangeCall {
  return {
    ...callerOf(request),
    form: async () => {
      checkMediaType(request.headers['content-type']);
      return parseForm(await readBody(request, maxBody));
    },
    authorization: readAuthorization(request.headers.authorization),
    signal: abortedWhenGone(response),
  };
}

function readAuthorization(header: string | undefined): ExchangeCall['authorization'] {
  if (header === undefined) return undefined;
  const text = header.trim();
  const space = text.search(/\s/);
  return space === -1 ? { scheme: text, token: '' } : { scheme: text.slice(0, space), token: text.slice(space).trimStart() };
}

function abortedWhenGone(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished)
      controller.abort(new ParsecError('PARSEC_UNAVAILABLE', 'the caller has gone', { reason: 'caller_gone' }));
  });
  return controller.signal;
}
