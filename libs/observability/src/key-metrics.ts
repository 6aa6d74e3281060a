import type { KeyObserver, KeyOperation } from '@parsec/keys';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Counts and times what key managers do. Labels come from configuration and code only. */
export class KeyMetrics implements KeyObserver {
  readonly #signing: Histogram<'key_manager'>;
  readonly #failures: Counter<'key_manager' | 'operation'>;
  readonly #rotations: Counter<'signer' | 'outcome'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#signing = new Histogram({
      name: 'parsec_key_manager_sign_duration_seconds',
      help: 'Time that a key manager took to sign.',
      labelNames: ['key_manager'],
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.#failures = new Counter({
      name: 'parsec_key_manager_failures_total',
      help: 'Calls of a key manager that failed, by operation (sign, prove, make, list, delete).',
      labelNames: ['key_manager', 'operation'],
      registers,
    });
    this.#rotations = new Counter({
      name: 'parsec_signer_rotations_total',
      help: 'Rotations by outcome: another key signs (rotated), or an attempt failed and the key goes on signing (failed).',
      labelNames: ['signer', 'outcome'],
      registers,
    });
  }

  signed(keyManager: string, milliseconds: number): void {
    this.#signing.observe({ key_manager: keyManager }, milliseconds / 1_000);
  }

  failed(keyManager: string, operation: KeyOperation): void {
    this.#failures.inc({ key_manager: keyManager, operation });
  }

  rotated(signer: string): void {
    this.#rotations.inc({ signer, outcome: 'rotated' });
  }

  rotationFailed(signer: string): void {
    this.#rotations.inc({ signer, outcome: 'failed' });
  }
}
