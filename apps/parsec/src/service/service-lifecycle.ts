import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Configuration } from '@parsec/config';
import { AuditLog, ExchangeMetrics, KeyMetrics, observers } from '@parsec/observability';
import { systemClock } from '@parsec/plugin-sdk';
import { LocalReplayMarks } from '@parsec/trust';
import type { Logger } from 'pino';
import { register } from 'prom-client';
import { CONFIGURATION, ROOT_LOGGER } from '../tokens.js';
import { Service } from './service.js';
import { ServiceHost } from './service-host.js';

/** Opens the service before the listeners, fails readiness when shutdown begins, and closes the service after the last answer. */
@Injectable()
export class ServiceLifecycle implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  #opened: Service | undefined;
  /** What never served does not stop either; why it did not start is told elsewhere. */
  #wasServing = false;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(ROOT_LOGGER) private readonly logger: Logger,
    private readonly host: ServiceHost,
  ) {}

  async onModuleInit(): Promise<void> {
    const largeToken = this.configuration.settings.server.limits.token / 2;
    const observer = observers(new AuditLog(this.logger, largeToken), new ExchangeMetrics(register));
    this.#opened = await Service.open(this.configuration, {
      clock: systemClock,
      logger: this.logger,
      observer,
      keyObserver: new KeyMetrics(register),
      replayMarks: new LocalReplayMarks(systemClock),
    });
    this.host.service = this.#opened;
  }

  beforeApplicationShutdown(): void {
    this.#wasServing = this.host.isServing;
    this.host.stop();
    if (this.#wasServing) this.logger.info('parsec is stopping');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#opened?.close();
    if (this.#wasServing) this.logger.info('parsec has stopped');
  }
}
