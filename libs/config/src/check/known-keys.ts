import { getMetadataStorage } from 'class-validator';

const known = new WeakMap<object, ReadonlySet<string>>();

/** The names of the fields of a class (its constructor) that have a validation decorator, inherited ones too: the keys that a map for it may have. */
export function knownKeys(type: object): ReadonlySet<string> {
  let keys = known.get(type);
  if (keys === undefined) {
    const metadata = typeof type === 'function' ? getMetadataStorage().getTargetValidationMetadatas(type, '', false, false) : [];
    keys = new Set(metadata.map(({ propertyName }) => propertyName));
    known.set(type, keys);
  }
  return keys;
}
