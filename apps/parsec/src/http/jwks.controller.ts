import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { JWKS_PATHS } from '@parsec/config';
import { ServiceHost } from '../service/service-host.js';

/** The public keys (RFC 7517), with an entity tag and the age that key rotation counts on. */
@Controller([...JWKS_PATHS])
export class JwksController {
  constructor(private readonly host: ServiceHost) {}

  @Get()
  async show(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { body, etag, maxAge } = await this.host.service.publishedKeys.document();
    response.setHeader('Cache-Control', maxAge > 0 ? `public, max-age=${maxAge}` : 'no-store');
    response.setHeader('ETag', etag);
    if (holdsTag(request.headers['if-none-match'], etag)) {
      response.status(304).end();
      return;
    }
    response.setHeader('Content-Type', 'application/json');
    response.end(body);
  }
}

/** If-None-Match (RFC 9110 section 13.1.2), whatever the request says about caches on the way: this is the origin. */
function holdsTag(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
