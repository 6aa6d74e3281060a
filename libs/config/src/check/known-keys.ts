import { getMetadataStorage } from 'class-validator';

const NONE: ReadonlySet<string> = new Set();
const known = new WeakMap<object, ReadonlySet<string>>();

/** The names of the fields of a class that have a validation decorator, inherited ones too: the keys that a map for it may have. */
export function knownKeys(type: unknown): ReadonlySet<string> {
  if (typeof type !== 'function') return NONE;
  let keys = known.get(type);
  if (keys === undefined) {
    keys = new Set(
      getMetadataStorage()
        .getTargetValidationMetadatas(type, '', false, false)
        .map(({ propertyName }) => propertyName),
    );
    known.set(type, keys);
  }
  return keys;
}
