import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditLog, ExchangeMetrics, observers } from '@parsec/observability';
import { systemClock } from '@parsec/plugin-sdk';
import type { Logger } from 'pino';
import { register } from 'prom-client';
import { parsecConfiguration, ROOT_LOGGER } from '../host-tokens.js';
import { Service } from './service.js';

/** Holds the service that is in force: opened before the listeners, closed after the last answer. */
@Injectable()
export class ServiceHost implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  #service: Service | undefined;
  #stopping = false;

  constructor(
    @Inject(parsecConfiguration.KEY) private readonly configuration: ConfigType<typeof parsecConfiguration>,
    @Inject(ROOT_LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const observer = observers(
      new AuditLog(this.logger, this.configuration.settings.server.limits.token / 2),
      new ExchangeMetrics(register),
    );
    this.#service = await Service.open(this.configuration, { clock: systemClock, logger: this.logger, observer });
  }

  /** The service in force. One exchange reads it once and keeps to it. */
  get service(): Service {
    if (this.#service === undefined) throw new Error('the service is not open yet');
    return this.#service;
  }

  /** Whether shutdown has begun. */
  get stopping(): boolean {
    return this.#stopping;
  }

  beforeApplicationShutdown(): void {
    this.#stopping = true;
    this.logger.info('parsec is stopping');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#service?.close();
    this.logger.info('parsec has stopped');
  }
}
