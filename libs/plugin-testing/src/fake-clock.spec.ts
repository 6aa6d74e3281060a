import { expect, it } from '@jest/globals';
import { FakeClock } from './index.js';

it('calls what is due in order, each at its own time, also what is scheduled meanwhile', () => {
  const clock = new FakeClock(0);
  const calls: string[] = [];
  const note = (name: string): void => {
    calls.push(`${name} at ${clock.now()}`);
  };
  clock.schedule(20, () => note('second'));
  clock.schedule(10, () => {
    note('first');
    clock.schedule(5, () => note('between'));
    clock.schedule(100, () => note('never'));
  });
  clock.advance(50);
  expect(calls).toEqual(['first at 10', 'between at 15', 'second at 20']);
  expect(clock.now()).toBe(50);
  expect(clock.due).toEqual([110]);
});

it('calls nothing that was cancelled, and bears being cancelled late', () => {
  const clock = new FakeClock(0);
  let calls = 0;
  const cancel = clock.schedule(10, () => {
    calls += 1;
  });
  clock.schedule(5, cancel);
  clock.advance(10);
  cancel();
  expect(calls).toBe(0);
});

it('jumps without time passing', () => {
  const clock = new FakeClock(0);
  let calls = 0;
  clock.schedule(10, () => {
    calls += 1;
  });
  clock.jump(3_600_000);
  expect([clock.now(), clock.monotonic(), calls]).toEqual([3_600_000, 0, 0]);
  clock.jump(-7_200_000);
  clock.advance(10);
  expect([clock.now(), clock.monotonic(), calls]).toEqual([-3_599_990, 10, 1]);
});
