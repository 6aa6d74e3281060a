/**
 * oidc-provider without its remark at import: it warns about every Node that is not an LTS release yet,
 * and the newcomer who reads the terminal can do nothing about that.
 */
export const { Provider, errors } = await withoutWarnings(() => import('oidc-provider'));

async function withoutWarnings<Result>(run: () => Promise<Result>): Promise<Result> {
  const { warn } = globalThis.console;
  globalThis.console.warn = () => {};
  try {
    return await run();
  } finally {
    globalThis.console.warn = warn;
  }
}
