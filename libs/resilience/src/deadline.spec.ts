import { describe, expect, it } from '@jest/globals';
import { callWithDeadline } from './deadline.js';

const signal = new AbortController().signal;

describe('a call with a deadline', () => {
  it('answers what was answered in time', async () => {
    expect(await callWithDeadline(() => Promise.resolve(7), { milliseconds: 10_000, signal, what: 'it' })).toBe(7);
  });

  it('fails as the call does', async () => {
    await expect(callWithDeadline(() => Promise.reject(new TypeError('x')), { milliseconds: 10_000, signal, what: 'it' })).rejects.toThrow(
      TypeError,
    );
  });

  it('is given up when its time is over, and told so', async () => {
    let told: AbortSignal | undefined;
    const call = (context: { signal: AbortSignal }): Promise<never> => {
      told = context.signal;
      return new Promise(() => {});
    };
    await expect(callWithDeadline(call, { milliseconds: 1, signal, what: 'data source "x"' })).rejects.toMatchObject({
      code: 'PARSEC_UNAVAILABLE',
      reason: 'timeout',
      message: 'data source "x" did not answer within 1ms',
    });
    expect(told?.aborted).toBe(true);
  });

  it('is not even begun for a caller that has gone', async () => {
    const caller = new AbortController();
    caller.abort(new Error('gone'));
    let begun = false;
    const call = (): Promise<void> => {
      begun = true;
      return Promise.resolve();
    };
    await expect(callWithDeadline(call, { milliseconds: 1_000, signal: caller.signal, what: 'it' })).rejects.toThrow('gone');
    expect(begun).toBe(false);
  });
});
