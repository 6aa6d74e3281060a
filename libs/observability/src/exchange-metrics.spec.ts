import { describe, expect, it } from '@jest/globals';
import { ExchangeRecord } from '@parsec/exchange';
import { ParsecError } from '@parsec/plugin-sdk';
import { Registry } from 'prom-client';
import { ExchangeMetrics } from './index.js';

async function countOf(record: (metrics: ExchangeMetrics) => void): Promise<string[]> {
  const registry = new Registry();
  record(new ExchangeMetrics(registry));
  return (await registry.metrics()).split('\n').filter((line) => line.startsWith('parsec_exchanges_total{'));
}

const exchange = (facts: object = {}): ExchangeRecord => Object.assign(new ExchangeRecord('::1', undefined), { facts });
const refusal = (reason: string): ParsecError => new ParsecError('PARSEC_AUTHORIZATION_DENIED', 'x', { reason });

describe('metrics', () => {
  it('count by outcome, reason, trusted issuer and token type', async () => {
    const facts = { trusted_issuer: 'idp', token_type: 't', sub: 'alice', txn: 'x' };
    expect(
      await countOf((metrics) => {
        metrics.issued(exchange(facts));
        metrics.refused(exchange(), refusal('no_rule_matched'));
      }),
    ).toEqual([
      // prettier-ignore
      'parsec_exchanges_total{outcome="issued",reason="",trusted_issuer="idp",token_type="t"} 1',
      'parsec_exchanges_total{outcome="refused",reason="no_rule_matched",trusted_issuer="",token_type=""} 1',
    ]);
  });

  it('do not grow with subjects', async () => {
    const lines = await countOf((metrics) =>
      Array.from({ length: 1000 }, (_, index) => metrics.issued(exchange({ sub: `user${index}`, txn: `t${index}` }))),
    );
    expect(lines).toHaveLength(1);
  });

  it('do not grow with the reasons that a plugin invents', async () => {
    const lines = await countOf((metrics) =>
      Array.from({ length: 1000 }, (_, index) => metrics.refused(exchange(), refusal(`reason_${index}`))),
    );
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toContain('reason="other"');
    expect(await countOf((metrics) => metrics.refused(exchange(), refusal('Not a "word"')))).toEqual([
      expect.stringContaining('reason="other"'),
    ]);
  });
});
