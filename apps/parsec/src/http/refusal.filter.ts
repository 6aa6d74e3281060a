import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { TOKEN_PATH } from '@parsec/config';
import { hasCode } from '@parsec/plugin-sdk';
import { ServiceHost } from '../service/service-host.js';
import { answer } from './answer.js';
import { callerOf } from './caller-of.js';

/** Answers whatever failed before the road began: no route, or another method. */
@Catch()
export class RefusalFilter implements ExceptionFilter {
  constructor(private readonly host: ServiceHost) {}

  catch(error: unknown, context: ArgumentsHost): void {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    if (request.path === `/${TOKEN_PATH}`) {
      answer(response, this.host.service.exchange.refuse(error, callerOf(request)));
      return;
    }
    if (response.headersSent) return;
    if (hasCode(error, 'PARSEC_UNAVAILABLE')) {
      response.setHeader('Retry-After', '1').setHeader('Cache-Control', 'no-store');
      response.status(503).json({ error: 'temporarily_unavailable' });
      return;
    }
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const name = status === 404 ? 'not_found' : status < 500 ? 'invalid_request' : 'server_error';
    response.status(status).json({ error: name });
  }
}
