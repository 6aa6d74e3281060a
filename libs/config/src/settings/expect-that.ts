import { registerDecorator } from 'class-validator';

/** A check of a field: what is expected, in words that come after "expected", and whether a value is that. */
export function ExpectThat(expected: string, holds: (value: unknown) => boolean): PropertyDecorator {
  const message = `expected ${expected}`;
  return (target, propertyKey) => {
    registerDecorator({
      // Named after its message, it is known to quote nothing.
      name: message,
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: { validate: holds, defaultMessage: () => message },
    });
  };
}

/** A text of a form. */
export function ExpectText(expected: string, form: RegExp): PropertyDecorator {
  return ExpectThat(expected, (value) => typeof value === 'string' && form.test(value));
}
