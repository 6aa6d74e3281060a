import { UnavailableError, type CallContext } from '@parsec/plugin-sdk';

/**
 * Calls an instance and stops waiting when its time is up or `signal` aborts, whether or not the instance heeds its own signal.
 * @param milliseconds how long the answer may take
 * @param what names the call in the error's message
 * @throws UnavailableError with the reason `timeout` when the time is up; the reason of `signal` when that aborts
 */
export async function callWithDeadline<Result>(
  call: (context: CallContext) => Promise<Result>,
  { milliseconds, signal, what }: { milliseconds: number; signal: AbortSignal; what: string },
): Promise<Result> {
  signal.throwIfAborted();
  const controller = new AbortController();
  let stop: (reason: unknown) => void = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = (reason) => {
      controller.abort(reason);
      reject(reason instanceof Error ? reason : new Error('aborted', { cause: reason }));
    };
  });
  const onAbort = (): void => stop(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(
    () => stop(new UnavailableError(`${what} did not answer within ${milliseconds}ms`, { reason: 'timeout' })),
    milliseconds,
  );
  try {
    return await Promise.race([call({ signal: controller.signal }), stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
