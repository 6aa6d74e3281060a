import { Injectable } from '@nestjs/common';
import { Gauge, register } from 'prom-client';
import { ServiceHost } from '../service/service-host.js';

/** Shows at every scrape how old the keys in force are, when they are replaced, and how many are published. */
@Injectable()
export class SignerMetrics {
  constructor(host: ServiceHost) {
    const registers = [register];
    const age = new Gauge({
      name: 'parsec_signer_key_age_seconds',
      help: 'For how long the key in force has been signing.',
      labelNames: ['signer'],
      registers,
      collect: () => {
        age.reset();
        for (const { name, schedule } of host.service.signers.values()) {
          if (schedule !== undefined) age.set({ signer: name }, schedule.age / 1_000);
        }
      },
    });
    const next = new Gauge({
      name: 'parsec_signer_next_rotation_timestamp_seconds',
      help: 'When the key in force is to be replaced; in the past while that is held up.',
      labelNames: ['signer'],
      registers,
      collect: () => {
        next.reset();
        for (const { name, schedule } of host.service.signers.values()) {
          if (schedule !== undefined) next.set({ signer: name }, schedule.nextRotation / 1_000);
        }
      },
    });
    const keys = new Gauge({
      name: 'parsec_signer_keys',
      help: 'Published keys by state: signing, next (published ahead of use) and former, of all replicas.',
      labelNames: ['signer', 'state'],
      registers,
      collect: () => {
        keys.reset();
        for (const signer of host.service.signers.values()) {
          for (const { state } of signer.status()) keys.inc({ signer: signer.name, state });
        }
      },
    });
  }
}
