import { isJsonObject } from '../json.js';
import { plainToInstance, Transform, type ClassConstructor } from 'class-transformer';
import { ValidateNested } from 'class-validator';

/**
 * A map from names to objects of a class, each validated; the field is a `Map`. `@Type` of class-transformer would leave out the entries that are named after a
 * method of `Map`, such as `keys` or `values`.
 */
export function MapOf(type: () => ClassConstructor<object>): PropertyDecorator {
  const transform = Transform(({ obj, key }) => toMap((obj as Record<string, unknown>)[key], type()), { toClassOnly: true });
  const validate = ValidateNested({ each: true });
  return (target, propertyKey) => {
    transform(target, propertyKey);
    validate(target, propertyKey);
  };
}

function toMap(value: unknown, type: ClassConstructor<object>): unknown {
  if (!isJsonObject(value)) return value;
  // A list as an entry would be checked element by element, and then stand where an object is expected.
  return new Map(Object.entries(value).map(([name, entry]) => [name, isJsonObject(entry) ? plainToInstance(type, entry) : null]));
}

/** A map from names to values that a validator of its own looks at; the field is a `Map`. */
export function PlainMap(): PropertyDecorator {
  return Transform(
    ({ obj, key }) => {
      const value = (obj as Record<string, unknown>)[key];
      return isJsonObject(value) ? new Map(Object.entries(value)) : value;
    },
    { toClassOnly: true },
  );
}
