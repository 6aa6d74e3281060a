import { isJsonObject, type JsonValue } from '@parsec/plugin-sdk';
import type { ConfigurationPath } from '../path.js';
import type { Finding } from './finding.js';
import { knownKeys } from './known-keys.js';
import { nearestName } from './nearest-name.js';

/** Options are there when the configuration was checked, or they are wrong. */
export const ASYNCHRONOUS = 'the class that checks this does so asynchronously, which options must not need';

/**
 * Compares what was written with the object that class-transformer made of it, and finds what class-validator would let
 * pass: unknown keys, keys without a value, names that class-transformer drops, a list in place of an object or the
 * other way round, promises. What a class leaves free, such as JSON data, is not looked into.
 */
export function checkShape(written: JsonValue, made: unknown, path: ConfigurationPath = []): Finding[] {
  if (Array.isArray(written) && Array.isArray(made)) {
    return written.flatMap((item: JsonValue, index) => checkShape(item, made[index], [...path, index]));
  }
  if (!isJsonObject(written)) return [];
  if (made instanceof Map) {
    return Object.entries(written).flatMap(([key, value]) =>
      checkMapEntry(key, value, made as ReadonlyMap<unknown, unknown>, [...path, key]),
    );
  }
  return typeof made === 'object' && made !== null && knownKeys(made.constructor).size > 0
    ? Object.entries(written).flatMap(([key, value]) => checkField(key, value, made, [...path, key]))
    : [];
}

function checkMapEntry(key: string, value: JsonValue, made: ReadonlyMap<unknown, unknown>, path: ConfigurationPath): Finding[] {
  if (value === null) return [withoutValue(path)];
  if (!made.has(key)) return [{ path, message: 'no entry can have this name' }];
  return checkShape(value, made.get(key), path);
}

function checkField(key: string, value: JsonValue, made: object, path: ConfigurationPath): Finding[] {
  const keys = knownKeys(made.constructor);
  if (!keys.has(key)) return [unknownKey(path, key, keys)];
  if (value === null) return [withoutValue(path)];
  const field: unknown = Reflect.get(made, key);
  if (field instanceof Promise) {
    field.catch(() => {});
    return [{ path, message: ASYNCHRONOUS }];
  }
  const expected = mismatch(Reflect.getMetadata('design:type', made, key), field);
  return expected === undefined ? checkShape(value, field, path) : [{ path, expected }];
}

/** What a field of the declared type should hold, unless it does. Scalars are left to the validators. */
function mismatch(declared: unknown, value: unknown): string | undefined {
  if (declared === Array) return Array.isArray(value) ? undefined : 'a list';
  if (declared === Map) return value instanceof Map ? undefined : 'a map';
  if (typeof declared === 'function' && knownKeys(declared).size > 0) return value instanceof declared ? undefined : 'a map';
  return undefined;
}

/** An unknown key, with the known one that is nearest. */
export function unknownKey(path: ConfigurationPath, key: string, keys: ReadonlySet<string>): Finding {
  const nearest = nearestName(key, keys);
  const expected = keys.size === 0 ? 'no keys' : `one of ${[...keys].join(', ')}`;
  const words = { message: 'unknown key', ...(nearest === undefined ? { expected } : { nearest }) };
  // A key is no value, however confidential what it stands for.
  return { path, ...words, discreet: words };
}

function withoutValue(path: ConfigurationPath): Finding {
  return { path, message: 'a key without a value; give it one or leave the key out' };
}
