import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import { APP_FILTER } from '@nestjs/core';
import type { Configuration } from '@parsec/config';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { JwksController } from './http/jwks.controller.js';
import { MetadataController } from './http/metadata.controller.js';
import { RefusalFilter } from './http/refusal.filter.js';
import { TokenController } from './http/token.controller.js';
import { ManagementServer } from './management/management-server.js';
import { ServiceHost } from './service/service-host.js';
import { ServiceLifecycle } from './service/service-lifecycle.js';
import { ROOT_LOGGER } from './tokens.js';

/** The host: configuration, log, the service, and what the public port serves. */
@Module({})
export class AppModule {
  static serving(configuration: Configuration, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot({ ignoreEnvFile: true, ignoreEnvVars: true, load: [registerAs('parsec', () => configuration)] }),
        // Exchanges have their audit line; a second line for each request would say less. No middleware, so no cost on the road.
        LoggerModule.forRoot({ pinoHttp: { logger, autoLogging: false }, forRoutes: [] }),
      ],
      controllers: [TokenController, JwksController, MetadataController],
      providers: [
        { provide: ROOT_LOGGER, useValue: logger },
        ServiceHost,
        ServiceLifecycle,
        ManagementServer,
        { provide: APP_FILTER, useClass: RefusalFilter },
      ],
    };
  }
}
