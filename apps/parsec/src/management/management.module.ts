import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { ServiceHost } from '../service/service-host.js';
import { HealthController } from './health.controller.js';
import { HealthMetrics } from './health-metrics.js';

/** What the management port serves. */
@Module({})
export class ManagementModule {
  static forHost(host: ServiceHost): DynamicModule {
    return {
      module: ManagementModule,
      imports: [
        TerminusModule.forRoot({ logger: false }),
        PrometheusModule.register({ path: '/metrics', defaultMetrics: { enabled: true } }),
      ],
      controllers: [HealthController],
      providers: [{ provide: ServiceHost, useValue: host }, HealthMetrics],
    };
  }
}
