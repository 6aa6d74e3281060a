import { describe, expect, it } from '@jest/globals';
import { UnavailableError } from '@parsec/plugin-sdk';
import { FakeClock } from '@parsec/plugin-testing';
import { LocalReplayMarks, SharedReplayMarks, type OnOutage } from './index.js';

const clock = new FakeClock();
const until = clock.now() + 60_000;

function replicas(onOutage: OnOutage) {
  const marked = new Map<string, number>();
  const store = {
    isOut: false,
    marked,
    async mark(identifier: string, lifetime: number): Promise<boolean> {
      if (store.isOut) throw new UnavailableError('out');
      if (marked.has(identifier)) return false;
      marked.set(identifier, lifetime);
      return true;
    },
  };
  const [one, other] = [1, 2].map(() => new SharedReplayMarks(store, new LocalReplayMarks(clock), clock, onOutage)) as [
    SharedReplayMarks,
    SharedReplayMarks,
  ];
  return { store, one, other };
}

describe('shared marks of used assertions', () => {
  it('let each be used once, on whatever replica', async () => {
    const { one, other } = replicas('refuse');
    expect(await one.claim('a', until)).toBe(true);
    expect(await other.claim('a', until)).toBe(false);
    expect(await other.claim('b', until)).toBe(true);
  });

  it('outlive what they mark, also on a replica whose clock is behind', async () => {
    const { one, store } = replicas('refuse');
    await one.claim('a', until);
    expect(store.marked.get('a')).toBeGreaterThan(60_000);
  });

  it('refuse while the store is out, unless told otherwise, and burn nothing', async () => {
    const { one, store } = replicas('refuse');
    store.isOut = true;
    await expect(one.claim('a', until)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    store.isOut = false;
    expect(await one.claim('a', until)).toBe(true);
  });

  it('rely on the replica itself where that is asked for, also for what was marked before the outage', async () => {
    const { one, store } = replicas('local');
    await one.claim('a', until);
    store.isOut = true;
    expect(await one.claim('a', until)).toBe(false);
    expect(await one.claim('b', until)).toBe(true);
    expect(await one.claim('b', until)).toBe(false);
  });
});
