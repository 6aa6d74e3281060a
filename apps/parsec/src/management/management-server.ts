import { Inject, Injectable, type INestApplication, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Configuration } from '@parsec/config';
import { NestFactory } from '@nestjs/core';
import type { Logger } from 'pino';
import { Registry, register } from 'prom-client';
import { CONFIGURATION, ROOT_LOGGER } from '../tokens.js';
import { Listener } from '../http/listener.js';
import { listenerLimits } from '../http/listener-limits.js';
import { ServiceHost } from '../service/service-host.js';
import { ManagementModule } from './management.module.js';

/** The second listener, in an application of its own: nothing that it serves can be reached on the public port. */
@Injectable()
export class ManagementServer implements OnApplicationBootstrap, OnApplicationShutdown {
  #application: INestApplication | undefined;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(ROOT_LOGGER) private readonly logger: Logger,
    private readonly host: ServiceHost,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { management_host: host, management_port: port, limits } = this.configuration.settings.server;
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const application = await NestFactory.create(ManagementModule.forHost(this.host, this.logger), new Listener(listenerLimits(limits)), {
      logger: false,
      abortOnError: false,
      bodyParser: false,
    });
    await application.listen(port, host);
    this.#application = application;
  }

  /** Answers probes until everything else has stopped. */
  async onApplicationShutdown(): Promise<void> {
    await this.#application?.close();
  }
}
