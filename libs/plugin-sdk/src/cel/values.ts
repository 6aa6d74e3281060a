import { isCelList, isCelMap, isCelUint, type CelInput, type CelValue } from '@bufbuild/cel';
import { isReflectMessage } from '@bufbuild/protobuf/reflect';
import { DurationSchema, TimestampSchema, timestampDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import { ParsecError } from '../errors.js';
import { isJsonObject, type JsonValue } from '../json.js';

/**
 * Turns JSON into what expressions see. Objects become maps, so that no member name can be mistaken for a property
 * that the evaluator gives a meaning to.
 */
export function toCel(value: JsonValue): CelInput {
  if (Array.isArray(value)) return value.map((item: JsonValue) => toCel(item));
  if (isJsonObject(value)) return new Map(Object.entries(value).map(([name, member]) => [name, toCel(member)]));
  return value as string | number | boolean | null;
}

/**
 * Turns the result of an expression into JSON. Timestamps become RFC 3339 texts; durations and bytes have no JSON form.
 * @param maxDepth how deep the result may nest
 */
export function fromCel(value: CelValue, maxDepth: number): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return finite(value);
  if (typeof value === 'bigint') return integer(value);
  if (isCelUint(value)) return integer(value.value);
  if (maxDepth === 0) throw notJson('nests too deeply');
  if (isCelList(value)) return Array.from(value, (item) => fromCel(item, maxDepth - 1));
  if (isCelMap(value)) {
    const entries: [string, JsonValue][] = [];
    for (const [name, member] of value.entries()) {
      if (typeof name !== 'string') throw notJson('has a member name that is not a text');
      if (name === '__proto__') throw notJson('has a member named after a prototype');
      entries.push([name, fromCel(member, maxDepth - 1)]);
    }
    return Object.fromEntries(entries);
  }
  if (isReflectMessage(value, TimestampSchema)) return timestampDate(value.message as Timestamp).toISOString();
  throw notJson(isReflectMessage(value, DurationSchema) ? 'is a duration' : 'has a type without a JSON form');
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw notJson('is a number that is not finite');
  return value;
}

function integer(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) throw notJson('is an integer beyond 2^53');
  return Number(value);
}

function notJson(what: string): ParsecError {
  return new ParsecError('PARSEC_EXPRESSION_INVALID', `the result, or a part of it, ${what}`);
}
