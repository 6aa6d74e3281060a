import { Type, type ClassConstructor } from 'class-transformer';
import { ValidateNested } from 'class-validator';

/** An object of a class of its own, or a list of them where the field is a list. */
export function Section(type: () => ClassConstructor<object>): PropertyDecorator {
  const transform = Type(type);
  const validate = ValidateNested();
  return (target, propertyKey) => {
    transform(target, propertyKey);
    validate(target, propertyKey);
  };
}
