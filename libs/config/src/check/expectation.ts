/** What a failed validator of class-validator says, rephrased. */
export interface Expectation {
  /** What would be right, in words that come after "expected". */
  readonly expected?: string;
  /** What is wrong, where the validator does not say what would be right. */
  readonly message?: string;
  /** The part of `expected` that certainly quotes nothing of the value. */
  readonly discreet?: string;
}

/** The stock messages of class-validator, without the property's name that they begin with. */
const STOCK: readonly (readonly [RegExp, string])[] = [
  [/^must be a string$/, 'a text'],
  [/^must be an integer number$/, 'an integer'],
  [/^must be a number conforming to the specified constraints$/, 'a number'],
  [/^must be a boolean value$/, 'true or false'],
  [/^must be an array$/, 'a list'],
  [/^must be an object$/, 'a map'],
  [/^must be equal to (\w{1,32})$/, '$1'],
  [/^must be one of the following values: ([\w., :/-]+)$/, 'one of $1'],
  [/^must not be less than (-?[\d.]+)$/, 'at least $1'],
  [/^must not be greater than (-?[\d.]+)$/, 'at most $1'],
  [/^must be longer than or equal to (\d+) characters$/, 'at least $1 characters'],
  [/^must be shorter than or equal to (\d+) characters$/, 'at most $1 characters'],
  [/^must contain at least (\d+) elements$/, 'at least $1 elements'],
  [/^must contain no more than (\d+) elements$/, 'at most $1 elements'],
  [/^should not be empty$/, 'something that is not empty'],
  [/^should not be null or undefined$/, 'a value'],
];

/** Validators of the plugin SDK whose words depend on the option alone. */
const UNQUOTING: ReadonlySet<string> = new Set(['isDuration', 'isByteSize']);

/**
 * Rephrases the message of one failed validator of a property into what was expected.
 * @param constraint the validator's name; one that is named after its whole message quotes nothing
 */
export function expectationOf(constraint: string, message: string, property: string): Expectation {
  // This one names the property that holds the list or map, whose element is meant.
  if (constraint === 'nestedValidation') return stock('a map');
  if (message === `All ${property}'s elements must be unique`) return stock('no element twice');
  const [, each = '', said = ''] = /^(each value in )?(.*)$/s.exec(message) ?? [];
  const forEach = each === '' ? '' : 'each element to be ';
  const statement = said.startsWith(`${property} `) ? said.slice(property.length + 1) : message;
  const known = STOCK.find(([form]) => form.test(statement));
  if (known !== undefined) return stock(forEach + statement.replace(...known));
  const own = /^(?:must be|expected) (.+)$/s.exec(statement)?.[1];
  if (own === undefined) return { message: statement };
  const expected = forEach + own;
  if (UNQUOTING.has(constraint) || constraint === message) return stock(expected);
  return constraint === 'isCelExpression' ? { expected, discreet: 'a CEL expression' } : { expected };
}

function stock(expected: string): Expectation {
  return { expected, discreet: expected };
}
