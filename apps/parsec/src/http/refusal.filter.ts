import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { ParsecError } from '@parsec/plugin-sdk';
import type { Request, Response } from 'express';
import { TOKEN_PATH } from '../service/endpoints.js';
import { TokenController } from './token.controller.js';

/** Answers whatever failed before a controller could: no route, or a body that could not be read. Nothing is told of the error itself. */
@Catch()
export class RefusalFilter implements ExceptionFilter {
  constructor(private readonly tokenController: TokenController) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (request.path === `/${TOKEN_PATH}`) return this.tokenController.refuse(bodyError(error), request, response);
    if (response.headersSent) return;
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const name = status === 404 ? 'not_found' : status < 500 ? 'invalid_request' : 'server_error';
    response.status(status).json({ error: name });
  }
}

/** The body parser says by a status what it met. */
function bodyError(error: unknown): unknown {
  const status = error instanceof HttpException ? error.getStatus() : (error as { status?: unknown } | null)?.status;
  if (status === 413) return new ParsecError('PARSEC_REQUEST_TOO_LARGE', 'the body is larger than allowed');
  if (status === 415) return new ParsecError('PARSEC_REQUEST_MEDIA_TYPE_UNSUPPORTED', 'the body is encoded or compressed');
  if (status === 400) return new ParsecError('PARSEC_REQUEST_MALFORMED', 'the body could not be read', { reason: 'body_unreadable' });
  return error;
}
