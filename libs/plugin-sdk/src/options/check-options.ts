import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

/** Options that break a rule. The message has keys and rules, no values beyond what a rule's own message says. */
export class OptionsRefused extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`the options are refused: ${problems.join('; ')}`);
  }
}

/**
 * Makes an instance of a class with class-validator decorators, with every rule kept and no unknown keys. parsec checks options like this
 * before it opens an instance, and further compares them with the types of the fields.
 * @throws OptionsRefused
 */
export function checkOptions<Options extends object>(options: Type<Options>, plain: Readonly<Record<string, unknown>>): Options {
  let checked: Options;
  let errors: readonly ValidationError[];
  try {
    checked = plainToInstance(options, plain);
    // `forbidUnknownValues` would refuse a class without any option.
    errors = validateSync(checked, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false });
  } catch {
    // What was thrown may quote the options.
    throw new OptionsRefused(['the class that checks them failed with an error of its own']);
  }
  if (errors.length > 0) throw new OptionsRefused(errors.flatMap((error) => problemsOf(error)));
  return checked;
}

function problemsOf({ property, constraints, children }: ValidationError, above = ''): string[] {
  const path = above + property;
  const own = Object.values(constraints ?? {}).map((message) => `${path}: ${message}`);
  return [...own, ...(children ?? []).flatMap((child) => problemsOf(child, `${path}.`))];
}
