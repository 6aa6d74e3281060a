/** A value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object. Members are own properties; never look one up without `Object.hasOwn`. */
export interface JsonObject {
  readonly [member: string]: JsonValue;
}

/** Nesting that contexts and claims may have unless configuration says otherwise. */
export const DEFAULT_JSON_DEPTH = 32;

/** How much JSON may hold, so that nothing that looks at it gets slow. */
export interface JsonLimits {
  /** Levels; {@link DEFAULT_JSON_DEPTH} by default. */
  readonly maxDepth?: number;
  /** Values, counted at every level; {@link DEFAULT_JSON_VALUES} by default. */
  readonly maxValues?: number;
}

/** Values that contexts and credentials may hold; an expression over a list takes longer than its length grows. */
export const DEFAULT_JSON_VALUES = 1_000;

/** Values that the data of one data source may hold. */
export const DATA_JSON_VALUES = 10_000;

/** Names through which JavaScript code reaches a prototype. No context and no claim may use them. */
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What makes a value unfit, in words that hold no part of the value. */
export type JsonProblem =
  | 'is not JSON'
  | 'is not a JSON object'
  | 'is nested too deeply'
  | 'holds too many values'
  | 'holds a number that is not finite'
  | 'holds a member named after a prototype'
  | 'holds something that JSON cannot express';

/**
 * Says why a value is unfit to be context or claims, or `undefined` if it is fit.
 * Walks without recursion and stops at the limit, so that no value can exhaust the stack; a cycle counts as depth.
 */
export function findJsonProblem(
  value: unknown,
  { maxDepth = DEFAULT_JSON_DEPTH, maxValues = DEFAULT_JSON_VALUES }: JsonLimits = {},
): JsonProblem | undefined {
  let values = 0;
  const pending: { value: unknown; depth: number }[] = [{ value, depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const current = next.value;
    values += 1;
    if (values > maxValues) return 'holds too many values';
    if (typeof current === 'number') {
      if (!Number.isFinite(current)) return 'holds a number that is not finite';
      continue;
    }
    if (current === null || typeof current === 'string' || typeof current === 'boolean') continue;
    if (typeof current !== 'object') return 'holds something that JSON cannot express';
    if (next.depth > maxDepth) return 'is nested too deeply';
    if (Array.isArray(current)) {
      for (const item of current) pending.push({ value: item, depth: next.depth + 1 });
      continue;
    }
    const prototype: unknown = Object.getPrototypeOf(current);
    if (prototype !== Object.prototype && prototype !== null) return 'holds something that JSON cannot express';
    for (const [name, member] of Object.entries(current)) {
      if (PROTOTYPE_NAMES.has(name)) return 'holds a member named after a prototype';
      pending.push({ value: member, depth: next.depth + 1 });
    }
  }
  return undefined;
}

/** Parses the text of one JSON object within the limits of {@link findJsonProblem}. Never throws. */
export function parseJsonObject(
  text: string,
  limits: JsonLimits = {},
): { object: JsonObject; problem?: undefined } | { object?: undefined; problem: JsonProblem } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON' };
  }
  if (!isJsonObject(value)) return { problem: 'is not a JSON object' };
  const problem = findJsonProblem(value, limits);
  return problem === undefined ? { object: value } : { problem };
}
