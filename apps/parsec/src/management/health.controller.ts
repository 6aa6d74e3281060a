import { Controller, Get, HttpException, Inject, Req, Res } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult, type HealthIndicatorResult } from '@nestjs/terminus';
import type { Request, Response } from 'express';
import { ServiceHost } from '../service/service-host.js';
import { isAdmin } from './is-admin.js';

/** Health for orchestrators: a status for everybody, the detail of each part for administrators who ask with `?verbose`. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Inject(ServiceHost) private readonly host: ServiceHost,
  ) {}

  /** The event loop turns. */
  @Get('live')
  live(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.#answer(request, response, []);
  }

  /** The configuration compiled and keys can sign. */
  @Get('startup')
  startup(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.#answer(request, response, [this.#signing]);
  }

  /** It can serve: a published key that signs, a usable trust store, a listener, and no shutdown under way. */
  @Get('ready')
  ready(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.#answer(request, response, [this.#serving, this.#signing, this.#trust]);
  }

  readonly #serving = (): HealthIndicatorResult => this.#report('serving', this.host.isServing);
  readonly #signing = (): HealthIndicatorResult => this.#report('signing', this.host.service.canSign);
  readonly #trust = (): HealthIndicatorResult => this.#report('trust', this.host.service.canTrust);

  #report(key: string, healthy: boolean): HealthIndicatorResult {
    const indicator = this.indicators.check(key);
    return healthy ? indicator.up() : indicator.down();
  }

  /** A part that is down is told here and does not decide: whether the service can serve is what the indicators say. */
  #parts(): (() => HealthIndicatorResult)[] {
    return this.host.service.health().map(
      ({ kind, name, status, detail }) =>
        () =>
          this.indicators.check(`${kind}/${name}`).up({ state: status, ...(detail === undefined ? {} : { detail }) }),
    );
  }

  async #answer(request: Request, response: Response, indicators: (() => HealthIndicatorResult)[]): Promise<void> {
    const verbose = new URLSearchParams(request.url.split('?', 2)[1] ?? '').has('verbose');
    response.setHeader('Cache-Control', 'no-store');
    if (verbose && !isAdmin(request, this.host.service.configuration.settings.admin?.token)) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="parsec"');
      response.status(401).json({ status: 'error', message: '?verbose needs the admin token, over loopback' });
      return;
    }
    const result = await this.#check(verbose ? [...indicators, ...this.#parts()] : indicators);
    response
      .status(result.status === 'ok' ? 200 : 503)
      .json(verbose ? { status: result.status, details: result.details } : { status: result.status });
  }

  /** Terminus throws what it found where something is down. */
  async #check(indicators: (() => HealthIndicatorResult)[]): Promise<HealthCheckResult> {
    try {
      return await this.checks.check(indicators);
    } catch (error) {
      if (error instanceof HttpException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }
}
