import type { JsonObject } from '@parsec/plugin-sdk';
import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { Validator, type ValidationError } from 'class-validator';
import { ValidationExecutor } from 'class-validator/cjs/validation/ValidationExecutor.js';
import type { ConfigurationPath } from '../path.js';
import { ASYNCHRONOUS, checkShape, unknownKey } from './check-shape.js';
import { expectationOf, type Expectation } from './expectation.js';
import type { Finding } from './finding.js';
import { knownKeys } from './known-keys.js';
import { nearestName } from './nearest-name.js';

export interface CheckedObject {
  /** An instance of the class, as far as one could be made. */
  readonly object: object | undefined;
  /** Paths start at the object. */
  readonly findings: readonly Finding[];
}

/**
 * Makes an instance of a class with class-validator decorators and finds everything that is wrong with it.
 * The class may be anybody's: whatever it throws, and any check that answers later, becomes a finding.
 */
export function checkObject(type: ClassConstructor<object>, written: JsonObject): CheckedObject {
  let object: object | undefined;
  try {
    const keys = knownKeys(type);
    // Code of the class may change what it is given.
    object = plainToInstance(type, JSON.parse(JSON.stringify(written)) as JsonObject);
    // class-validator refuses classes without any decorator, which for options is a way to say that there are none.
    if (keys.size === 0) return { object, findings: Object.keys(written).map((key) => unknownKey([key], key, keys)) };
    const shape = checkShape(written, object);
    const misshapen = new Set(shape.map(({ path }) => JSON.stringify(path)));
    const invalid = validate(object).filter(
      ({ path }) => !path.some((_, index) => misshapen.has(JSON.stringify(path.slice(0, index + 1)))),
    );
    return { object, findings: [...shape, ...invalid] };
  } catch {
    // What was thrown may quote the options.
    return { object, findings: [{ path: [], message: 'the class that checks this failed with an error of its own' }] };
  }
}

function validate(object: object): Finding[] {
  const executor = new ValidationExecutor(new Validator());
  const errors: ValidationError[] = [];
  executor.execute(object, '', errors);
  const findings = executor.stripEmptyErrors(errors).flatMap((error) => findingsOf(error, []));
  if (executor.awaitingPromises.length === 0) return findings;
  for (const promise of executor.awaitingPromises) promise.catch(() => {});
  return [...findings, { path: [], message: ASYNCHRONOUS }];
}

function findingsOf({ property, value, constraints = {}, children = [] }: ValidationError, parent: ConfigurationPath): Finding[] {
  if (constraints['unknownValue'] !== undefined) return [{ path: parent, message: 'the plugin does not say how to check this' }];
  const path = [...parent, property];
  const below = children.flatMap((child) => findingsOf(child, path));
  if (Object.keys(constraints).length === 0) return below;
  // Decorators run from the last to the first.
  const expectations = Object.entries(constraints)
    .toReversed()
    .map(([constraint, message]) => expectationOf(constraint, message, property));
  return [{ path, ...wordsOf(expectations, value) }, ...below];
}

function wordsOf(expectations: readonly Expectation[], value: unknown): Omit<Finding, 'path'> {
  // Only the first says what it would be; the others are about what is there.
  if (value === undefined) {
    const [first] = expectations;
    return { message: 'missing', expected: first?.expected, discreet: { message: 'missing', expected: first?.discreet } };
  }
  const discreet = { expected: join(expectations.map((expectation) => expectation.discreet)) };
  const expected = join(expectations.map((expectation) => expectation.expected));
  const message = join(expectations.map((expectation) => expectation.message));
  if (quotes(`${message ?? ''} ${expected ?? ''}`, value)) return discreet;
  const [, choices] = /^one of (\S+(?:, \S+)*)$/.exec(expected ?? '') ?? [];
  const nearest = typeof value === 'string' && choices !== undefined ? nearestName(value, new Set(choices.split(', '))) : undefined;
  return { message, expected, nearest, discreet };
}

function join(phrases: readonly (string | undefined)[]): string | undefined {
  const said = new Set(phrases.filter((phrase) => phrase !== undefined));
  return said.size === 0 ? undefined : [...said].join(', ');
}

/** Whether words show a value, or an element of it, other than a single word or a few signs. */
function quotes(words: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((element) => quotes(words, element));
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  const text = String(value);
  return text.length > 3 && !/^[a-z_]{1,32}$/i.test(text) && words.includes(text);
}
