import { registerDecorator } from 'class-validator';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What the protocol and the private directory of the program rest on. */
const RESERVED = /^(?:PLUGIN_.*|KeyManager|TMPDIR)$/;

/** A map from names of environment variables to texts. */
export function IsEnvironment(): PropertyDecorator {
  return (target, propertyKey) => {
    registerDecorator({
      name: 'isEnvironment',
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: {
        validate: (value) => value instanceof Map && [...(value as Map<unknown, unknown>)].every(([name, text]) => isVariable(name, text)),
        defaultMessage: () => 'expected a map from names of environment variables to texts; KeyManager, TMPDIR and PLUGIN_… are reserved',
      },
    });
  };
}

function isVariable(name: unknown, text: unknown): boolean {
  return typeof name === 'string' && NAME.test(name) && !RESERVED.test(name) && typeof text === 'string' && !text.includes('\0');
}
