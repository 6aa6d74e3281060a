/** What counts as prompt, milliseconds: far more than it takes, far less than anybody waits. */
const PROMPT = 1_000;

/** @throws Error where `promise` settles neither way within a second */
export async function promptly<Result>(promise: Promise<Result>, what: string): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not settle within ${PROMPT}ms`)), PROMPT);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws Error where `promise` is fulfilled, or settles neither way within a second */
export async function rejectsPromptly(promise: Promise<unknown>, what: string): Promise<void> {
  const outcome = promise.then(
    () => 'fulfilled',
    () => 'rejected',
  );
  if ((await promptly(outcome, what)) === 'fulfilled') throw new Error(`${what} should have been rejected`);
}
