import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { hasCode } from '@parsec/plugin-sdk';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { ROOT_LOGGER } from '../tokens.js';

/** Tells administrators in one sentence what is the matter. */
@Catch()
export class AdminFilter implements ExceptionFilter {
  constructor(@Inject(ROOT_LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, context: ArgumentsHost): void {
    const response = context.switchToHttp().getResponse<Response>();
    if (response.headersSent) return;
    response.setHeader('Cache-Control', 'no-store');
    if (error instanceof HttpException) {
      if (error.getStatus() === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="parsec"');
      response.status(error.getStatus()).json({ message: error.message });
      return;
    }
    if (hasCode(error, 'PARSEC_UNAVAILABLE')) {
      response.status(503).json({ message: (error as Error).message });
      return;
    }
    this.logger.error({ err: error }, 'an administrative call failed');
    response.status(500).json({ message: 'that failed; the log says why' });
  }
}
