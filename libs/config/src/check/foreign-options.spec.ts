import { describe, expect, it } from '@jest/globals';
import { Transform, Type } from 'class-transformer';
import { IsString, registerDecorator, ValidateNested } from 'class-validator';
import { fakeRegistry } from '../testing/fake-plugins.js';
import { check, problemsOf, VALID, type Given } from '../testing/given.js';

/** A validator that a third party might write. */
function Checked(validate: (value: unknown) => unknown, message = 'expected something'): PropertyDecorator {
  return (target, propertyKey) => {
    const validator = { validate: validate as (value: unknown) => boolean, defaultMessage: () => message };
    registerDecorator({ name: 'checked', target: target.constructor, propertyName: String(propertyKey), validator });
  };
}

class ThrowsWhenMade {
  @IsString()
  name!: string;
  constructor() {
    throw new Error('of its own');
  }
}

class ThrowsWhenTransformed {
  @IsString()
  @Transform(() => {
    throw new TypeError('of its own');
  })
  name!: string;
}

class ThrowsWhenChecked {
  @Checked(() => {
    throw new RangeError('of its own');
  })
  name!: string;
}

class AnswersLater {
  @Checked(() => Promise.resolve(true))
  name!: string;
}

class FailsLater {
  @Checked(() => Promise.reject(new Error('of its own')))
  name!: string;
}

class IsMadeLater {
  @IsString()
  @Transform(() => Promise.reject(new Error('of its own')))
  name!: string;
}

class HoldsNobody {
  @ValidateNested()
  @Type(() => Object)
  name!: object;
}

class QuotesTheValue {
  @IsString({ message: '$property was\n\u001b[2J $value' })
  name!: string;
}

class KeepsNumbers {
  @Checked(() => false, 'the name is wrong')
  name!: string;
}

const FAILED = 'the class that checks this failed with an error of its own';
const LATE = 'the class that checks this does so asynchronously, which options must not need';

describe('an options class of a third party', () => {
  it.each<[string, new () => object, string]>([
    ['throws in its constructor', ThrowsWhenMade, `options: ${FAILED}`],
    ['throws in a transformation', ThrowsWhenTransformed, `options: ${FAILED}`],
    ['throws in a validator', ThrowsWhenChecked, `options: ${FAILED}`],
    ['answers later', AnswersLater, `options: ${LATE}`],
    ['fails later', FailsLater, `options: ${LATE}`],
    ['is made later', IsMadeLater, `options.name: ${LATE}`],
    ['leaves open how an object is checked', HoldsNobody, 'options.name: the plugin does not say how to check this'],
    ['says what is wrong, and not what would be right', KeepsNumbers, 'options.name: the name is wrong'],
    ['has words on several lines, with signs for a terminal', QuotesTheValue, 'options.name: was [2J $value'],
  ])('that %s makes a problem, no crash', async (_what, options, problem) => {
    const [line, ...others] = await problemsOf(withStrange(options, '{name: {}}'));
    expect(line?.replace(/^parsec\.yaml:\d+:\d+ authorizers\.other\./, '')).toBe(problem);
    expect(others).toEqual([]);
  });

  it('cannot show a value of more than a word', async () => {
    class Quotes {
      @Checked(() => false)
      @IsString({ message: 'bad: $value' })
      name!: string;
    }
    expect(await problemsOf(withStrange(Quotes, '{name: 12345678}'))).toEqual([
      expect.stringMatching(/ authorizers\.other\.options\.name: wrong value$/),
    ]);
  });

  it('gets a copy, so that it cannot change what others see', async () => {
    class Changes {
      @IsString()
      @Transform(({ obj, value }: { obj: Record<string, unknown>; value: unknown }) => {
        obj['name'] = 'changed';
        return value;
      })
      name!: string;
    }
    const { settings } = await check(withStrange(Changes, '{name: kept}'));
    expect(settings.authorizers.get('other')?.options).toEqual({ name: 'kept' });
  });
});

function withStrange(options: new () => object, written: string): Given {
  const yaml = VALID.replace('authorizers:\n', `authorizers:\n  other: {type: strange, options: ${written}}\n`).replace(
    '[issuance]',
    '[issuance, other]',
  );
  return { yaml, registry: fakeRegistry(options) };
}
