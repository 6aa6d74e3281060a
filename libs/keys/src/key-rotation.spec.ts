import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EVERY, keyManagerIsOut, World, type Mode, type Replica } from './testing/world.js';

const MODES: readonly (readonly [Mode, number])[] = [
  ['alone', 1],
  ['own keys', 3],
  ['shared keys', 3],
];
const HOUR = 3_600_000;
/** The same worlds at every run, so that nobody's change turns red for what it did not touch; `RUNS=1000` goes and looks for others. */
const SEARCH = process.env['RUNS'] === undefined ? { numRuns: 60, seed: 20_260_101 } : { numRuns: Number(process.env['RUNS']) };

/** Something that happens to a world. Which replica, and how long, comes with it. */
type Event =
  | { readonly what: 'time passes'; readonly for: number }
  | { readonly what: 'restart' | 'rotate' | 'revoke' | 'cut off' | 'reconnect' | 'other algorithm' | 'flush'; readonly replica: number }
  | { readonly what: 'key manager out' | 'key manager back'; readonly replica: number }
  | { readonly what: 'killed at a call'; readonly replica: number; readonly call: number }
  | { readonly what: 'clock jumps'; readonly replica: number; readonly by: number }
  | { readonly what: 'stopped'; readonly replica: number; readonly for: number };

const replica = fc.nat(2);
const EVENTS: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('time passes' as const), for: fc.integer({ min: 250, max: 1.5 * EVERY }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constantFrom(
        'restart' as const,
        'rotate' as const,
        'revoke' as const,
        'cut off' as const,
        'reconnect' as const,
        'other algorithm' as const,
        'flush' as const,
      ),
      replica,
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('key manager out' as const, 'key manager back' as const), replica }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('killed at a call' as const), replica, call: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('clock jumps' as const), replica, by: fc.constantFrom(-HOUR, HOUR) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('stopped' as const), replica, for: fc.integer({ min: 250, max: EVERY }) }) },
);

async function happen(world: World, event: Event): Promise<void> {
  if (event.what === 'time passes') return world.pass(event.for);
  const one = world.replicas[event.replica % world.replicas.length] as Replica;
  switch (event.what) {
    case 'restart':
      one.kill();
      return one.start();
    case 'rotate':
      return one.rotation?.rotate();
    case 'revoke': {
      const kid = one.rotation?.signing?.kid;
      if (kid === undefined || one.isCutOff) return;
      world.revoked.add(kid);
      await one.rotation?.revoke(kid).catch(() => {});
      return;
    }
    case 'cut off':
      one.isCutOff = true;
      return;
    case 'reconnect':
      one.isCutOff = false;
      return;
    case 'flush':
      // One replica alone has no store that could lose what it has in memory.
      if (world.mode === 'alone') return;
      world.store.flush();
      return world.pass(1_500);
    case 'other algorithm':
      for (const each of world.replicas) each.algorithm = one.algorithm === 'ES256' ? 'EdDSA' : 'ES256';
      for (const each of world.replicas) {
        each.kill();
        await each.start();
        await world.pass(1_000);
      }
      return;
    case 'key manager out':
      one.keyManager.fault = keyManagerIsOut;
      return;
    case 'key manager back':
      one.keyManager.fault = () => {};
      return;
    case 'killed at a call':
      one.callsToLive = event.call;
      await world.pass(2_000);
      if (one.rotation === undefined) await one.start();
      one.callsToLive = Number.POSITIVE_INFINITY;
      return;
    case 'clock jumps':
      one.clock.jump(event.by);
      return;
    case 'stopped':
      one.isPaused = true;
      await world.pass(event.for);
      one.isPaused = false;
      // It looks before it answers.
      return one.turn();
  }
}

/** Everything is repaired, and had the time to come to rest. */
async function heal(world: World): Promise<void> {
  for (const one of world.replicas) {
    one.isCutOff = false;
    one.keyManager.fault = () => {};
    if (one.rotation === undefined) await one.start();
  }
  await world.pass(2 * EVERY);
}

it('rotation misses no moment that comes while it is still looking', async () => {
  const world = new World('alone', 1);
  const [one] = world.replicas as [Replica];
  // As in the world: time passes while somebody looks at the clock, and timers may be a moment early.
  const monotonic = one.clock.monotonic.bind(one.clock);
  let passed = 0;
  one.clock.monotonic = () => monotonic() + (passed += 0.01);
  await one.start();
  const rotations = [0];
  for (let turn = 0; turn < 1_000; turn += 1) {
    one.clock.advance(one.nextTurnAt - one.clock.monotonic() - turn / 1_000);
    await one.turn();
    if (one.rotated === rotations.length) rotations.push(one.clock.monotonic());
  }
  const intervals = rotations.slice(1).map((at, index) => at - (rotations[index] ?? 0));
  expect(intervals.length).toBeGreaterThan(100);
  expect(Math.max(...intervals)).toBeLessThan(EVERY + 1_000);
});

describe.each(MODES)('rotation with %s', (mode, count) => {
  it('puts another key in force at every interval, and no verifier ever lacks one', async () => {
    const world = new World(mode, count);
    await world.start();
    await world.pass(10 * EVERY);
    expect(world.failures).toEqual([]);
    const rotations = world.replicas.map(({ rotated }) => rotated);
    expect(mode === 'shared keys' ? [rotations.reduce((sum, each) => sum + each)] : rotations).toEqual(
      mode === 'own keys' ? [10, 10, 10] : [10],
    );
  });

  it.each<[string, readonly Event[]]>([
    [
      'a replica and the one that lacks its key are cut off together',
      [
        { what: 'cut off', replica: 0 },
        { what: 'cut off', replica: 1 },
        { what: 'time passes', for: EVERY },
        { what: 'reconnect', replica: 0 },
        { what: 'reconnect', replica: 1 },
        { what: 'time passes', for: EVERY },
      ],
    ],
    [
      'the store loses everything while a replica is stopped',
      [
        { what: 'time passes', for: EVERY },
        { what: 'flush', replica: 0 },
        { what: 'stopped', replica: 0, for: 3_000 },
        { what: 'time passes', for: EVERY },
      ],
    ],
    [
      'a replica that was cut off for long is killed',
      [
        { what: 'cut off', replica: 0 },
        { what: 'time passes', for: 3 * EVERY },
        { what: 'restart', replica: 0 },
        { what: 'reconnect', replica: 0 },
        { what: 'time passes', for: EVERY },
      ],
    ],
    [
      'a replica that was cut off from a store that lost everything is unknown to one that started since',
      [
        { what: 'cut off', replica: 0 },
        { what: 'time passes', for: 9_000 },
        { what: 'flush', replica: 0 },
        { what: 'restart', replica: 1 },
        { what: 'time passes', for: EVERY },
      ],
    ],
    [
      'a replica is killed that could not write its keys into a store that lost everything',
      [
        { what: 'cut off', replica: 0 },
        { what: 'flush', replica: 0 },
        { what: 'restart', replica: 0 },
        { what: 'reconnect', replica: 0 },
        { what: 'time passes', for: EVERY },
      ],
    ],
    [
      'all replicas are killed that could not write their keys into a store that lost everything',
      [
        { what: 'cut off', replica: 0 },
        { what: 'cut off', replica: 1 },
        { what: 'cut off', replica: 2 },
        { what: 'flush', replica: 0 },
        { what: 'restart', replica: 0 },
        { what: 'restart', replica: 1 },
        { what: 'restart', replica: 2 },
        { what: 'reconnect', replica: 0 },
        { what: 'reconnect', replica: 1 },
        { what: 'reconnect', replica: 2 },
        { what: 'time passes', for: EVERY },
      ],
    ],
    [
      'the clock of a replica is set forth, and another one retires its keys',
      [
        { what: 'clock jumps', replica: 1, by: HOUR },
        { what: 'time passes', for: 2 * EVERY },
        { what: 'restart', replica: 0 },
        { what: 'time passes', for: 3 * EVERY },
      ],
    ],
  ])('leaves no token unverifiable where %s', async (_what, events) => {
    const world = new World(mode, count);
    await world.start();
    for (const event of events) await happen(world, event);
    await heal(world);
    expect(world.failures).toEqual([]);
  });

  it('leaves no token unverifiable, whatever happens, and signs again when it is over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(EVENTS, { maxLength: 25 }), async (events) => {
        const world = new World(mode, count);
        await world.start();
        for (const event of events) {
          await happen(world, event);
          world.look();
          expect(world.failures).toEqual([]);
        }
        await heal(world);
        expect(world.failures).toEqual([]);
        expect(world.replicas.map(({ rotation }) => rotation?.signing !== undefined)).toEqual(world.replicas.map(() => true));
      }),
      SEARCH,
    );
  });
});
