import { parse } from 'yaml';
import type { JsonValue } from '@parsec/plugin-sdk';
import { VALID } from './given.js';

/** The valid configuration as a value. */
export function parsedValid(): JsonValue {
  return parse(VALID) as JsonValue;
}

/** The paths of all values within a value, but for the value itself. */
export function everyPath(value: JsonValue, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]: [string, JsonValue]) => [[...path, key], ...everyPath(child, [...path, key])]);
}

/** A copy of the value with another one at the path; unchanged where the path leads nowhere. `undefined` takes out what is there. */
export function replaceAt(value: JsonValue, [first, ...rest]: readonly string[], replacement: JsonValue | undefined): JsonValue {
  if (first === undefined || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, child]: [string, JsonValue]): [string, JsonValue][] => {
    if (key !== first) return [[key, child]];
    if (rest.length > 0) return [[key, replaceAt(child, rest, replacement)]];
    return replacement === undefined ? [] : [[key, replacement]];
  });
  return Array.isArray(value) ? entries.map(([, child]) => child) : Object.fromEntries(entries);
}
