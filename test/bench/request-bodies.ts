import { exchangeForm, type DemoIdentityProvider } from '@parsec/quickstart';

/** Longer than a round, shorter than what parsec accepts. */
const ASSERTION_LIFETIME_SECONDS = 600;
/** Assertions that are signed side by side. */
const BATCH = 500;

/**
 * Makes bodies of token requests: the access tokens in turn, and an assertion of its own for each, because its `jti` is accepted once.
 * They are signed beforehand, so that the load generator has nothing to compute.
 * @param audience the token service's `server.issuer`
 * @returns what gives the next one; throws once all are used
 */
export async function prepareBodies(
  { workloads }: DemoIdentityProvider,
  audience: string,
  accessTokens: readonly string[],
  count: number,
): Promise<() => string> {
  const assertions: string[] = [];
  while (assertions.length < count) {
    assertions.push(...(await Promise.all(Array.from({ length: BATCH }, () => workloads.assertion(audience, ASSERTION_LIFETIME_SECONDS)))));
  }
  const forms = accessTokens.map((token) => {
    const form = exchangeForm(token, '');
    form.delete('client_assertion');
    return form.toString();
  });
  let next = 0;
  return () => {
    const assertion = assertions[next];
    if (assertion === undefined) throw new Error('every assertion was used');
    next += 1;
    return `${forms[next % forms.length]}&client_assertion=${assertion}`;
  };
}
