import { Transform } from 'class-transformer';
import { registerDecorator, type ValidationArguments } from 'class-validator';
import { DATA_JSON_VALUES, findJsonProblem, isJsonObject, type JsonObject } from '@parsec/plugin-sdk';

/** The options of the data source `static`. */
export class StaticDataSourceOptions {
  /** A JSON object, what the data source answers with for every exchange. Never put a credential in it. */
  @IsJsonData()
  // class-transformer would copy the object member by member, and lose those it takes for dangerous before they can be refused.
  @Transform(({ obj }: { obj: { data: unknown } }) => obj.data)
  readonly data!: JsonObject;
}

function IsJsonData(): PropertyDecorator {
  return (target, propertyKey) => {
    registerDecorator({
      name: 'isJsonData',
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: {
        validate: (value) => problemOf(value) === undefined,
        defaultMessage: (validation?: ValidationArguments) =>
          `expected a JSON object; this one ${problemOf(validation?.value) ?? 'is one'}`,
      },
    });
  };
}

function problemOf(value: unknown): string | undefined {
  return isJsonObject(value) ? findJsonProblem(value, { maxValues: DATA_JSON_VALUES }) : 'is not a JSON object';
}
