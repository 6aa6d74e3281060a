import type { ExchangeObserver, ExchangeRecord } from '@parsec/exchange';
import { isForeseen, type ErrorCode, type ParsecError } from '@parsec/plugin-sdk';
import type { Logger } from 'pino';

/** Refusals that may be nobody's fault but the operator's. */
const WORTH_A_LOOK: ReadonlySet<ErrorCode> = new Set(['PARSEC_UNAVAILABLE', 'PARSEC_CONTEXT_MAPPING_FAILED']);

/** Writes one structured line for every issuance and every refusal. */
export class AuditLog implements ExchangeObserver {
  readonly #logger: Logger;

  /** @param largeToken bytes from which a token is worth a warning */
  constructor(
    logger: Logger,
    private readonly largeToken: number,
  ) {
    this.#logger = logger.child({ audit: true });
  }

  issued(record: ExchangeRecord): void {
    const facts = { outcome: 'issued', ...describe(record) };
    if ((record.facts.token_bytes ?? 0) > this.largeToken) this.#logger.warn(facts, 'Txn-Token issued; it is large');
    else this.#logger.info(facts, 'Txn-Token issued');
  }

  refused(record: ExchangeRecord, error: ParsecError, reference: string): void {
    const facts = { outcome: 'refused', code: error.code, reason: error.reason, ...describe(record) };
    if (!isForeseen(error.code))
      this.#logger.error({ ...facts, reference, problem: describeChain(error), stack: stackOf(error) }, 'Txn-Token refused: unforeseen');
    else if (WORTH_A_LOOK.has(error.code)) this.#logger.warn({ ...facts, problem: describeChain(error) }, 'Txn-Token refused');
    else this.#logger.info({ ...facts, problem: error.message }, 'Txn-Token refused');
  }
}

function describe({ facts, elapsed, peerIp, traceId }: ExchangeRecord): object {
  return {
    ...facts,
    peer_ip: peerIp,
    ...(traceId === undefined ? {} : { trace_id: traceId }),
    latency_ms: Math.round(elapsed * 1_000) / 1_000,
  };
}

/** The messages from the error down to its first cause. */
function describeChain(error: unknown): string {
  const messages: string[] = [];
  for (let current = error; current instanceof Error && messages.length < 5; current = current.cause) messages.push(current.message);
  return messages.join(': ');
}

function stackOf(error: ParsecError): string | undefined {
  return (error.cause instanceof Error ? error.cause : error).stack;
}
