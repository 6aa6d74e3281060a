import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { UnavailableError } from '@parsec/plugin-sdk';
import { FakeClock, RecordingLogger } from '@parsec/plugin-testing';
import { RemoteIssuerKeys } from './issuer-keys.js';
import { fixedLocation } from './key-location.js';
import type { OutgoingClient } from './outgoing.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const jwk = (kid: string): object => ({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid });

/** Keys of an issuer whose answers a test decides. */
function start(answers: { document: object | undefined; cacheControl?: string }): {
  keys: RemoteIssuerKeys;
  clock: FakeClock;
  fetches: () => number;
  logger: RecordingLogger;
} {
  let fetches = 0;
  const client = {
    fetchJson: () => {
      fetches += 1;
      if (answers.document === undefined) return Promise.reject(new UnavailableError('answered with status 500'));
      return Promise.resolve({ document: answers.document, cacheControl: answers.cacheControl });
    },
  } as unknown as OutgoingClient;
  const [clock, logger] = [new FakeClock(), new RecordingLogger()];
  const keys = new RemoteIssuerKeys({
    name: 'idp',
    location: fixedLocation('https://idp.example/jwks'),
    allowHttp: false,
    client,
    clock,
    logger,
  });
  keys.start();
  return { keys, clock, fetches: () => fetches, logger };
}

/** Keys of an issuer that answers when a test says so. */
function startHanging(): {
  keys: RemoteIssuerKeys;
  clock: FakeClock;
  fetches: () => number;
  answers: PromiseWithResolvers<never>[];
} {
  let fetches = 0;
  const answers: PromiseWithResolvers<never>[] = [];
  const client = {
    fetchJson: () => {
      fetches += 1;
      const answer = Promise.withResolvers<never>();
      answers.push(answer);
      return answer.promise;
    },
  } as unknown as OutgoingClient;
  const [clock, logger] = [new FakeClock(), new RecordingLogger()];
  const keys = new RemoteIssuerKeys({
    name: 'idp',
    location: fixedLocation('https://idp.example/jwks'),
    allowHttp: false,
    client,
    clock,
    logger,
  });
  keys.start();
  return { keys, clock, fetches: () => fetches, answers };
}

/** Lets a fetch that a timer began come to its end. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function advance(clock: FakeClock, milliseconds: number): Promise<void> {
  clock.advance(milliseconds);
  await settle();
}

describe('remote keys', () => {
  it('are refreshed in the background, as often as the issuer says within bounds', async () => {
    for (const [cacheControl, refreshed] of [
      ['max-age=300', 5 * MINUTE],
      ['public, max-age=1', MINUTE],
      ['max-age=999999', HOUR],
      ['no-cache', 10 * MINUTE],
    ] as const) {
      const { clock, fetches, keys } = start({ document: { keys: [jwk('a')] }, cacheControl });
      await settle();
      await advance(clock, refreshed * 0.85);
      expect(fetches()).toBe(1);
      await advance(clock, refreshed * 0.15);
      expect(fetches()).toBe(2);
      keys.close();
    }
  });

  it('serve through an outage for a day, and no longer', async () => {
    const answers: { document: object | undefined } = { document: { keys: [jwk('a')] } };
    const { keys, clock, logger } = start(answers);
    await settle();
    answers.document = undefined;
    for (let hour = 0; hour < 23; hour += 1) await advance(clock, HOUR);
    expect(await keys.candidates('a', 'ES256')).toHaveLength(1);
    expect(keys.health()).toEqual({ status: 'down', detail: 'its JWKS answered with status 500' });
    await advance(clock, HOUR);
    await expect(keys.candidates('a', 'ES256')).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    keys.close();
  });

  it('of an issuer that was down are there within 4 s of its return', async () => {
    const answers: { document: object | undefined } = { document: undefined };
    const { keys, clock, fetches } = start(answers);
    await settle();
    for (let second = 0; second < 600; second += 1) await advance(clock, 1_000);
    expect(fetches()).toBeLessThan(250);
    answers.document = { keys: [jwk('a')] };
    for (let second = 0; second < 4; second += 1) await advance(clock, 1_000);
    expect(await keys.candidates('a', 'ES256')).toHaveLength(1);
    expect(keys.health()).toEqual({ status: 'up' });
    keys.close();
  });

  it('are fetched for an unknown kid once in ten seconds', async () => {
    const { keys, clock, fetches } = start({ document: { keys: [jwk('a')] } });
    await settle();
    const ask = (): Promise<unknown> => Promise.all(Array.from({ length: 100 }, (_, index) => keys.candidates(`unknown${index}`, 'ES256')));
    await ask();
    await ask();
    expect(fetches()).toBe(2);
    await advance(clock, 10_000);
    await ask();
    expect(fetches()).toBe(3);
    keys.close();
  });

  it('are asked for again with what tells them apart, and stay where they did not change', async () => {
    const jwks = { keys: [jwk('a')] };
    const asked: (string | undefined)[] = [];
    const client = {
      fetchJson: (_url: string, { etag }: { etag?: string }) => {
        asked.push(etag);
        return Promise.resolve({ document: etag === undefined ? jwks : undefined, etag: '"one"', cacheControl: undefined });
      },
    } as unknown as OutgoingClient;
    const [clock, logger] = [new FakeClock(), new RecordingLogger()];
    const location = fixedLocation('https://idp.example/jwks');
    const keys = new RemoteIssuerKeys({ name: 'idp', location, allowHttp: false, client, clock, logger });
    keys.start();
    await settle();
    for (let hour = 0; hour < 30; hour += 1) await advance(clock, HOUR);
    expect(asked.slice(0, 3)).toEqual([undefined, '"one"', '"one"']);
    expect(await keys.candidates('a', 'ES256')).toHaveLength(1);
    keys.close();
  });

  it('of an issuer that lets everybody wait are asked for again as soon as it was given up', async () => {
    const { clock, keys, fetches, answers } = startHanging();
    await settle();
    for (let attempt = 1; attempt < 5; attempt += 1) {
      clock.advance(4_000);
      answers.shift()?.reject(new UnavailableError('did not answer within 4000ms'));
      await settle();
      await advance(clock, 1);
      expect(fetches()).toBe(attempt + 1);
    }
    keys.close();
  });

  it('leave nothing behind when they are closed', async () => {
    const { keys, clock, fetches } = start({ document: { keys: [jwk('a')] } });
    await settle();
    keys.close();
    expect(clock.due).toEqual([]);
    await advance(clock, 24 * HOUR);
    expect(fetches()).toBe(1);
  });
});
