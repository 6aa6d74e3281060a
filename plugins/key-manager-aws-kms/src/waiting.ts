import type { Clock } from '@parsec/plugin-sdk';

/** Settles as `promise` does, unless `signal` aborts first: then rejects with its reason, and whatever becomes of `promise` is ignored. */
export function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Resolves after `milliseconds`, or rejects with the reason of `signal` when that aborts first. */
export async function delay(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  let cancel = (): void => {};
  const waited = new Promise<void>((resolve) => {
    cancel = clock.schedule(milliseconds, resolve);
  });
  try {
    await abortable(waited, signal);
  } finally {
    cancel();
  }
}
