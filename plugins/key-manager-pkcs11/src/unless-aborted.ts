/** What `promise` comes to, or the reason of `signal` as soon as that aborts; what it comes to then is nobody's concern. */
export function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(resolve, reject).finally(settled);
    if (signal.aborted) onAbort();
  });
}
