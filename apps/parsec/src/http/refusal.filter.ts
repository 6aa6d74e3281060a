import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { ParsecError } from '@parsec/plugin-sdk';
import type { Request, Response } from 'express';
import { TOKEN_PATH } from '@parsec/config';
import { ServiceHost } from '../service/service-host.js';
import { answer } from './answer.js';
import { callerOf } from './caller-of.js';

/** Answers whatever failed before the road began: no route, another method, or a body that could not be read. */
@Catch()
export class RefusalFilter implements ExceptionFilter {
  constructor(private readonly host: ServiceHost) {}

  catch(error: unknown, context: ArgumentsHost): void {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    if (request.path === `/${TOKEN_PATH}`) {
      answer(response, this.host.service.exchange.refuse(readError(error), callerOf(request)));
      return;
    }
    if (response.headersSent) return;
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const name = status === 404 ? 'not_found' : status < 500 ? 'invalid_request' : 'server_error';
    response.status(status).json({ error: name });
  }
}

/** The body parser says by a status what it met. */
function readError(error: unknown): unknown {
  const status = error instanceof HttpException ? error.getStatus() : (error as { status?: unknown } | null)?.status;
  if (status === 413) return new ParsecError('PARSEC_REQUEST_TOO_LARGE', 'the body is larger than allowed');
  if (status === 415) return new ParsecError('PARSEC_REQUEST_MEDIA_TYPE_UNSUPPORTED', 'the body is encoded or compressed');
  if (status === 400) return new ParsecError('PARSEC_REQUEST_MALFORMED', 'the body could not be read', { reason: 'body_unreadable' });
  return error;
}
