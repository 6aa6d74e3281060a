import { describe, expect, it } from '@jest/globals';
import { UnavailableError, type DataSource, type ExchangeFacts, type JsonObject, type JsonValue, type Principal } from '@parsec/plugin-sdk';
import { ClaimMapper, findMappingProblems, gatherData, type ConfiguredDataSource } from './index.js';

const principal: Principal = {
  sub: 'alice',
  issuer: 'i',
  trustedIssuer: 'idp',
  trustDomain: null,
  tokenType: 't',
  scope: [],
  audience: [],
  claims: { email: 'a@example' },
};
const facts = (context: JsonObject = {}, details: JsonObject = {}): ExchangeFacts => ({
  subject: principal,
  requester: principal,
  actor: null,
  request: { tokenType: 't', audience: 'td', scope: [], peerIp: '::1', context, details },
  now: 0,
});

describe('claim mappings', () => {
  it('merge in order', () => {
    const mapper = new ClaimMapper({
      tctx: [{ details: true }, { cel: '{"email": subject.claims.email}' }, { cel: '{"roles": datasource("roles").list}' }],
      rctx: [{ context: true }, { cel: '{"peer": request.peer_ip}' }],
    });
    expect(mapper.dataSources).toEqual(['roles']);
    expect(mapper.map(facts({ ip: '1.2.3.4' }, { action: 'BUY' }), new Map([['roles', { list: ['r'] }]]), 32)).toEqual({
      tctx: { action: 'BUY', email: 'a@example', roles: ['r'] },
      rctx: { ip: '1.2.3.4', peer: '::1' },
    });
  });

  it('make no claim that has none', () => {
    expect(new ClaimMapper({ rctx: [{ context: true }] }).map(facts(), new Map(), 32)).toEqual({ rctx: {} });
  });

  it('reserve what they may compute, whether or not they do this time', () => {
    const mapper = new ClaimMapper({
      tctx: [{ details: true }, { cel: 'subject.sub == "bob" ? {"vip": true} : {"level": 1}' }],
      rctx: [{ context: true }],
    });
    expect(mapper.findReserved('details', { vip: false })).toBe('vip');
    expect(mapper.findReserved('details', { level: false })).toBe('level');
    expect(mapper.findReserved('details', { other: 1, toString: 1 })).toBeUndefined();
    expect(mapper.findReserved('context', { vip: false })).toBeUndefined();
  });

  it.each(['{"a": subject.claims.missing}', '{"a": 1/0}', '"text"', '[1]', 'null'])('%s fails without showing data', (cel) => {
    expect(() => new ClaimMapper({ tctx: [{ cel }] }).map(facts(), new Map(), 32)).toThrow(
      expect.objectContaining({
        code: 'PARSEC_CONTEXT_MAPPING_FAILED',
        message: expect.not.stringContaining('a@example'),
      }) as unknown as Error,
    );
  });

  it('that stand in each other’s way are found', () => {
    expect(findMappingProblems([{ cel: '{"a": 1}' }, { details: true }, { cel: '{"b": 1, "a": 2}' }])).toEqual([
      { index: 2, message: '"a" is computed by mapping 1 of this claim already' },
    ]);
    expect(findMappingProblems([{ details: true }, { cel: 'subject.claims' }])).toMatchObject([{ index: 1 }]);
    expect(findMappingProblems([{ cel: 'subject.claims' }])).toEqual([]);
    expect(findMappingProblems([{ cel: 'nonsense(' }, { details: true }])).toEqual([]);
  });
});

describe('data sources', () => {
  const source = (name: string, fetch: DataSource['fetch'], changes: Partial<ConfiguredDataSource> = {}): ConfiguredDataSource => ({
    name,
    source: { fetch },
    required: true,
    timeout: 10_000,
    ...changes,
  });
  const never = new AbortController().signal;
  const unavailable = expect.objectContaining({ code: 'PARSEC_UNAVAILABLE', reason: 'data_source_failed' }) as unknown as Error;

  it('are asked side by side, and one that knows nothing is no failure', async () => {
    let release = (): void => {};
    const second = new Promise<void>((resolve) => (release = resolve));
    const { data, leftOut } = await gatherData(
      [
        source('waits', async () => second.then(() => 1)),
        source('releases', async () => {
          release();
          return undefined;
        }),
      ],
      facts(),
      { signal: never, maxJsonDepth: 32 },
    );
    expect(data).toEqual(new Map<string, JsonValue>([['waits', 1], ['releases', {}]])); // prettier-ignore
    expect(leftOut).toEqual([]);
  });

  const failures: [string, DataSource['fetch']][] = [
    ['rejects', () => Promise.reject(new Error('secret-of-the-source'))],
    ['is unavailable', () => Promise.reject(new UnavailableError('down'))],
    ['throws', () => { throw new TypeError('x'); }], // prettier-ignore
    ['never answers', () => new Promise(() => {})],
    ['returns a function', () => Promise.resolve({ f: () => 1 } as never)],
    ['returns a BigInt', () => Promise.resolve({ n: 1n } as never)],
    ['returns infinity', () => Promise.resolve({ n: Infinity })],
    ['returns a cycle', () => { const cycle: Record<string, unknown> = {}; cycle['self'] = cycle; return Promise.resolve(cycle as never); }], // prettier-ignore
    ['returns a date', () => Promise.resolve({ at: new Date() } as never)],
  ];
  it.each(failures)('one that %s fails the exchange where it is required', async (_name, fetch) => {
    await expect(gatherData([source('s', fetch, { timeout: 5 })], facts(), { signal: never, maxJsonDepth: 32 })).rejects.toThrow(
      unavailable,
    );
  });

  it.each(failures)('one that %s is left out where it is not', async (_name, fetch) => {
    const { data, leftOut } = await gatherData([source('s', fetch, { timeout: 5, required: false }), source('t', async () => 2)], facts(), {
      signal: never,
      maxJsonDepth: 32,
    });
    expect(data).toEqual(new Map<string, JsonValue>([['s', {}], ['t', 2]])); // prettier-ignore
    expect(leftOut).toEqual(['s']);
  });

  it('are told when nobody waits any more', async () => {
    const caller = new AbortController();
    let told: AbortSignal | undefined;
    const asked = gatherData(
      [source('s', (_facts, { signal }) => { told = signal; return new Promise(() => {}); }, { required: false })], // prettier-ignore
      facts(),
      { signal: caller.signal, maxJsonDepth: 32 },
    );
    caller.abort(new UnavailableError('gone'));
    await expect(asked).rejects.toThrow();
    expect(told?.aborted).toBe(true);
  });
});
