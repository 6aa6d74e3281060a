import type { ExchangeObserver, ExchangeRecord } from '@parsec/exchange';
import type { ParsecError } from '@parsec/plugin-sdk';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Seconds. */
const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** Distinct reasons that a plugin may bring; more are counted together, so that no plugin can swell the metrics. */
const MAX_REASONS = 200;

/** Counts and times exchanges. Labels come from configuration and code only, never from a request. */
export class ExchangeMetrics implements ExchangeObserver {
  readonly #exchanges: Counter<'outcome' | 'reason' | 'trusted_issuer' | 'token_type'>;
  readonly #duration: Histogram<'outcome'>;
  readonly #steps: Histogram<'step'>;
  readonly #tokenSize: Histogram;
  readonly #reasons = new Set<string>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#exchanges = new Counter({
      name: 'parsec_exchanges_total',
      help: 'Exchanges by outcome (issued, refused), reason of a refusal, trusted issuer of the subject and requested token type.',
      labelNames: ['outcome', 'reason', 'trusted_issuer', 'token_type'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'parsec_exchange_duration_seconds',
      help: 'Time from the first look at the request to the answer, by outcome.',
      labelNames: ['outcome'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.#steps = new Histogram({
      name: 'parsec_exchange_step_duration_seconds',
      help: 'Time that each step of the road took.',
      labelNames: ['step'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.#tokenSize = new Histogram({
      name: 'parsec_token_size_bytes',
      help: 'Size of issued Txn-Tokens.',
      buckets: [512, 1024, 2048, 4096, 8192, 16384],
      registers,
    });
  }

  issued(record: ExchangeRecord): void {
    this.#count(record, 'issued', '');
    this.#tokenSize.observe(record.facts.token_bytes ?? 0);
  }

  refused(record: ExchangeRecord, error: ParsecError): void {
    this.#count(record, 'refused', this.#boundedReason(error.reason));
  }

  #count({ facts, elapsed, durations }: ExchangeRecord, outcome: 'issued' | 'refused', reason: string): void {
    this.#exchanges.inc({ outcome, reason, trusted_issuer: facts.trusted_issuer ?? '', token_type: facts.token_type ?? '' });
    this.#duration.observe({ outcome }, elapsed / 1_000);
    for (const [step, milliseconds] of durations) this.#steps.observe({ step }, milliseconds / 1_000);
  }

  #boundedReason(reason: string): string {
    if (this.#reasons.has(reason)) return reason;
    if (this.#reasons.size >= MAX_REASONS || !/^[a-z0-9_]{1,64}$/.test(reason)) return 'other';
    this.#reasons.add(reason);
    return reason;
  }
}
