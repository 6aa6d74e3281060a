import { isAbsolute } from 'node:path';
import { Optional } from '@parsec/plugin-sdk';
import { IsInt, IsNotEmpty, IsString, Max, MaxLength, Min, registerDecorator, type ValidationArguments } from 'class-validator';

const SELECTORS = ['token_label', 'serial', 'slot'] as const;

/** The options of the key manager `pkcs11`. Exactly one of `token_label`, `serial` and `slot` says which token holds the keys. */
export class Pkcs11KeyManagerOptions {
  /** The PKCS#11 library of the token's maker: an absolute path. It runs inside this process. */
  @IsAbsolutePath()
  @SelectsOneToken()
  readonly module!: string;

  /** The label that the token got when it was initialised. */
  @Optional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(32)
  readonly token_label?: string;

  /** The token's serial number. */
  @Optional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(16)
  readonly serial?: string;

  /** The number of the token's slot. Some libraries number slots anew at every start. */
  @Optional()
  @IsInt()
  @Min(0)
  readonly slot?: number;

  /** The PIN of the token's user. */
  @IsString({ message: 'expected a PIN: a text, so a PIN of digits needs quotes' })
  @IsNotEmpty({ message: 'expected a PIN: a text that is not empty' })
  readonly pin!: string;

  /** How many sessions are opened at most, and with them how many signatures are made at a time. */
  @IsInt()
  @Min(1)
  @Max(256)
  readonly sessions: number = 8;
}

function IsAbsolutePath(): PropertyDecorator {
  return rule('isAbsolutePath', 'expected the absolute path of a PKCS#11 library', (value) => {
    return typeof value === 'string' && isAbsolute(value);
  });
}

/** On an option that is always there: exactly one option beside it selects the token. */
function SelectsOneToken(): PropertyDecorator {
  return rule('selectsOneToken', `expected exactly one of ${SELECTORS.join(', ')} beside it`, (_value, options) => {
    return SELECTORS.filter((name) => options[name] !== undefined).length === 1;
  });
}

function rule(name: string, message: string, holds: (value: unknown, options: Pkcs11KeyManagerOptions) => boolean): PropertyDecorator {
  return (target, propertyKey) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: {
        validate: (value, context?: ValidationArguments) => holds(value, context?.object as Pkcs11KeyManagerOptions),
        defaultMessage: () => message,
      },
    });
  };
}
