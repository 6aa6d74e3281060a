import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import type { Logger } from 'pino';
import { ServiceHost } from '../service/service-host.js';
import { ROOT_LOGGER } from '../tokens.js';
import { AdminFilter } from './admin.filter.js';
import { AdminGuard } from './admin.guard.js';
import { HealthController } from './health.controller.js';
import { HealthMetrics } from './health-metrics.js';
import { TrustController } from './trust.controller.js';
import { KeysController } from './keys.controller.js';
import { SignerMetrics } from './signer-metrics.js';

/** What the management port serves. */
@Module({})
export class ManagementModule {
  static forHost(host: ServiceHost, logger: Logger): DynamicModule {
    return {
      module: ManagementModule,
      imports: [
        TerminusModule.forRoot({ logger: false }),
        PrometheusModule.register({ path: '/metrics', defaultMetrics: { enabled: true } }),
      ],
      controllers: [HealthController, KeysController, TrustController],
      providers: [
        { provide: ServiceHost, useValue: host },
        { provide: ROOT_LOGGER, useValue: logger },
        HealthMetrics,
        SignerMetrics,
        AdminGuard,
        AdminFilter,
      ],
    };
  }
}
