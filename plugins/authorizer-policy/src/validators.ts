import { compilePatterns } from '@parsec/plugin-sdk';
import { registerDecorator, type ValidationArguments } from 'class-validator';
import type { PermitOptions } from './options.js';

/** Scopes that a rule grants by name but forbids by pattern could never be granted: one of the two is a mistake. */
export function AreGrantedWithinScopes(): PropertyDecorator {
  return (target, propertyKey) => {
    registerDecorator({
      name: 'areGrantedWithinScopes',
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: {
        validate: (granted: unknown, context?: ValidationArguments) =>
          isWithin(granted, (context?.object as PermitOptions | undefined)?.scopes),
        defaultMessage: () => 'expected scopes that the patterns in scopes permit',
      },
    });
  };
}

function isWithin(granted: unknown, scopes: unknown): boolean {
  // Lists of the wrong shape have problems of their own.
  if (!isTextList(granted) || !isTextList(scopes) || scopes.length === 0) return true;
  return granted.every(compilePatterns(scopes));
}

function isTextList(list: unknown): list is string[] {
  return Array.isArray(list) && list.every((item) => typeof item === 'string');
}
