import { Injectable } from '@nestjs/common';
import { Gauge, register } from 'prom-client';
import { ServiceHost } from '../service/service-host.js';

/** Shows at every scrape how each part is. */
@Injectable()
export class HealthMetrics {
  constructor(host: ServiceHost) {
    const gauge = new Gauge({
      name: 'parsec_up',
      help: 'Whether a part is up (1) or down (0): instances by kind, trusted issuers, signers, state.',
      labelNames: ['kind', 'name'],
      registers: [register],
      collect: () => {
        gauge.reset();
        for (const { kind, name, status } of host.service.health()) gauge.set({ kind, name }, status === 'up' ? 1 : 0);
      },
    });
  }
}
