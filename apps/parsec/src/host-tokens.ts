import { registerAs } from '@nestjs/config';
import type { Configuration } from '@parsec/config';

/** Injects the root logger. */
export const ROOT_LOGGER = Symbol('parsec.root-logger');

let checked: Configuration | undefined;

/**
 * The checked configuration under the namespace `parsec` of `@nestjs/config`.
 * Inject it with `parsecConfiguration.KEY`; {@link provideConfiguration} hands it over before the host starts.
 */
export const parsecConfiguration = registerAs('parsec', (): Configuration => {
  if (checked === undefined) throw new Error('no configuration was provided');
  return checked;
});

/** @param configuration what the host will be given */
export function provideConfiguration(configuration: Configuration): void {
  checked = configuration;
}
