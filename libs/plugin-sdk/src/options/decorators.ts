import { Transform } from 'class-transformer';
import { registerDecorator, ValidateIf, type ValidationArguments } from 'class-validator';
import { analyseExpression, type ExpressionScope } from '../cel/index.js';
import { formatDuration, parseByteSize, parseDuration } from './units.js';

/** The key may be left out; written without a value it is an error, which `IsOptional` of class-validator would let pass. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}

/** Bounds, in the unit that the field holds once it is read. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Bounds of a duration. */
export interface DurationBounds extends Bounds {
  /** For what ends up in claims, which count seconds. */
  readonly wholeSeconds?: boolean;
}

/** A duration such as `30s`; the field holds milliseconds. */
export function Duration({ wholeSeconds = false, ...bounds }: DurationBounds = {}): PropertyDecorator {
  const range = describeRange(bounds, formatDuration);
  const parse = (text: unknown): number | undefined => {
    const milliseconds = parseDuration(text);
    return wholeSeconds && milliseconds !== undefined && milliseconds % 1_000 !== 0 ? undefined : milliseconds;
  };
  return unit(
    'isDuration',
    parse,
    bounds,
    `a duration such as ${wholeSeconds ? '' : '500ms, '}30s, 5m or 24h${wholeSeconds ? ', in whole seconds' : ''}${range}`,
  );
}

/** A size such as `64KiB`; the field holds bytes. */
export function ByteSize(bounds: Bounds = {}): PropertyDecorator {
  const range = describeRange(bounds, (bytes) => `${bytes}B`);
  return unit('isByteSize', parseByteSize, bounds, `a size such as 512B, 64KiB or 1MiB${range}`);
}

/** A CEL expression. It is compiled when the configuration is checked, and its problem becomes the configuration's. */
export function IsCelExpression(scope: ExpressionScope): PropertyDecorator {
  return (target, propertyKey) => {
    registerDecorator({
      name: 'isCelExpression',
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: {
        validate: (value) => expressionProblem(value, scope) === undefined,
        defaultMessage: (context?: ValidationArguments) =>
          `expected a CEL expression: ${expressionProblem(context?.value, scope) ?? 'it is one'}`,
      },
    });
  };
}

function expressionProblem(value: unknown, scope: ExpressionScope): string | undefined {
  if (typeof value !== 'string') return 'it is not a text';
  try {
    analyseExpression(value, scope);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A text of a unit becomes its number; what is no such text becomes `NaN`, so that a bare number cannot pass for one. */
function unit(name: string, parse: (text: unknown) => number | undefined, { min, max }: Bounds, expected: string): PropertyDecorator {
  const transform = Transform(({ value }) => (value === undefined ? undefined : (parse(value) ?? Number.NaN)), { toClassOnly: true });
  return (target, propertyKey) => {
    transform(target, propertyKey);
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: {
        validate: (value) => typeof value === 'number' && value >= (min ?? 0) && value <= (max ?? Number.MAX_SAFE_INTEGER),
        defaultMessage: () => `expected ${expected}`,
      },
    });
  };
}

function describeRange({ min, max }: Bounds, format: (value: number) => string): string {
  const parts = [min === undefined ? '' : `at least ${format(min)}`, max === undefined ? '' : `at most ${format(max)}`].filter(
    (part) => part !== '',
  );
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
