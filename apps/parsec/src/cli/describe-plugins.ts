import type { RegisteredPlugin } from '@parsec/kernel';
import { table } from './table.js';

/** A table of plugins: kind, type, origin. */
export function describePlugins(plugins: readonly RegisteredPlugin[]): string {
  const rows = plugins
    .map(({ definition: { kind, type }, origin }) => [kind, type, origin] as const)
    .toSorted((one, other) => one.join(' ').localeCompare(other.join(' ')));
  return table(['KIND', 'TYPE', 'FROM'], rows);
}
