/**
 * oidc-provider without its remark at import: it warns about every Node that is not an LTS release yet,
 * and the newcomer who reads the terminal can do nothing about that.
 */
export const { Provider, errors } = await silently(() => import('oidc-provider'));

/** Runs something without what it has to say. */
export async function silently<Result>(run: () => Result | Promise<Result>): Promise<Result> {
  const { warn } = globalThis.console;
  globalThis.console.warn = () => {};
  try {
    return await run();
  } finally {
    globalThis.console.warn = warn;
  }
}
