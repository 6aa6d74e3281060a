import { isJsonObject, type JsonValue } from '@parsec/plugin-sdk';

/** Whether a value holds an integer that JavaScript rounds: it would stand in the token as another number than was sent. */
export function holdsUnsafeInteger(value: JsonValue): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (Array.isArray(value)) return value.some((item: JsonValue) => holdsUnsafeInteger(item));
  return isJsonObject(value) && Object.values(value).some(holdsUnsafeInteger);
}
