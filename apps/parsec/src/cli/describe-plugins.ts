import type { RegisteredPlugin } from '@parsec/kernel';

/** A table of plugins: kind, type, origin. */
export function describePlugins(plugins: readonly RegisteredPlugin[]): string {
  const rows = plugins
    .map(({ definition: { kind, type }, origin }) => [kind, type, origin] as const)
    .toSorted((one, other) => one.join(' ').localeCompare(other.join(' ')));
  const all = [['KIND', 'TYPE', 'FROM'] as const, ...rows];
  const width = (column: 0 | 1): number => Math.max(...all.map((row) => row[column].length)) + 2;
  return all.map(([kind, type, origin]) => `${kind.padEnd(width(0))}${type.padEnd(width(1))}${origin}\n`).join('');
}
