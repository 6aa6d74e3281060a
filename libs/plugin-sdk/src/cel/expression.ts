import { celEnv, celFunc, CelScalar, isCelError, parse, plan, type CelInput } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { RE2JS } from '@bufbuild/re2';
import { ParsecError } from '../errors.js';
import { DEFAULT_JSON_DEPTH, type JsonValue } from '../json.js';
import { analyse } from './analysis.js';
import { fromCel } from './values.js';

/** Longest source of one expression, in characters. */
const MAX_SOURCE_LENGTH = 4096;
/** Deepest nesting of brackets in one expression; far below what the parser's stack holds. */
const MAX_NESTING = 40;
/** Compiled regular expressions that are kept. Patterns may come from data, so their number is bounded. */
const MAX_REGEXPS = 256;

/** The names that an expression may use. */
export interface ExpressionScope {
  /** Variable to the fields it has, or to `undefined` where its fields are open. */
  readonly variables: Readonly<Record<string, readonly string[] | undefined>>;
  /** Whether `datasource("name")` may be called. */
  readonly dataSources: boolean;
}

/** Values of the variables; see `exchangeVariables`. */
export type ExpressionVariables = Readonly<Record<string, CelInput>>;

/** Looks up what `datasource("name")` stands for. */
export type DataSourceLookup = (name: string) => CelInput;

/** What one evaluation stands on. */
export interface Evaluation {
  readonly variables: ExpressionVariables;
  /** Left out, `datasource()` fails. */
  readonly dataSource?: DataSourceLookup;
  /** How deep the result may nest; 32 by default. */
  readonly maxJsonDepth?: number;
}

/** A compiled CEL expression. Safe to evaluate any number of times, also concurrently. */
export interface Expression extends ExpressionAnalysis {
  readonly source: string;
  /**
   * @throws ParsecError `PARSEC_EXPRESSION_INVALID` where evaluation fails or the result is not JSON. The message holds no data.
   */
  evaluate(evaluation: Evaluation): JsonValue;
}

/** The lookup of the evaluation that is under way. Evaluation never yields, so one is enough. */
let currentDataSource: DataSourceLookup | undefined;

const environment = celEnv({
  funcs: [
    ...strings,
    celFunc('datasource', [CelScalar.STRING], CelScalar.DYN, (name) => {
      if (currentDataSource === undefined) throw new Error('datasource() is not available here');
      return currentDataSource(name) as CelInput<typeof CelScalar.DYN>;
    }),
  ],
  re2: { compile: memoised((pattern) => RE2JS.compile(pattern)) },
});

/** Operators that the evaluator builds in, and every function of the environment. */
const BUILT_IN: ReadonlySet<string> = new Set(['_?_:_', '_&&_', '_||_', '_[_]', '@not_strictly_false']);
const isFunction = (name: string): boolean => BUILT_IN.has(name) || environment.funcs.find(name) !== undefined;

/** What the text of an expression tells. */
export interface ExpressionAnalysis {
  /** The names in its `datasource("name")` calls. */
  readonly dataSources: readonly string[];
  /** The names its result can have as members, or `undefined` where they cannot be told from the text. */
  readonly memberNames: readonly string[] | undefined;
}

/**
 * Reads a CEL expression without preparing it for evaluation, which is what takes memory.
 * @throws ParsecError `PARSEC_EXPRESSION_INVALID` that says what is wrong and where.
 */
export function analyseExpression(source: string, scope: ExpressionScope): ExpressionAnalysis {
  return read(source, scope).analysis;
}

/**
 * Compiles a CEL expression.
 * @throws ParsecError `PARSEC_EXPRESSION_INVALID` that says what is wrong and where.
 */
export function compileExpression(source: string, scope: ExpressionScope): Expression {
  const { parsed, analysis } = read(source, scope);
  const run = plan(environment, parsed);
  return {
    source,
    ...analysis,
    evaluate({ variables, dataSource, maxJsonDepth = DEFAULT_JSON_DEPTH }) {
      const outer = currentDataSource;
      currentDataSource = dataSource;
      try {
        const result = run(variables);
        if (isCelError(result)) throw invalid(`evaluation failed${placeOf(result.exprId, parsed)}`);
        return fromCel(result, maxJsonDepth);
      } catch (error) {
        // The evaluator's own words may quote what it was given, which may be personal or worse.
        throw error instanceof ParsecError ? error : invalid('evaluation failed');
      } finally {
        currentDataSource = outer;
      }
    },
  };
}

function read(source: string, scope: ExpressionScope): { parsed: ReturnType<typeof parse>; analysis: ExpressionAnalysis } {
  const tooBig = findExcess(source);
  if (tooBig !== undefined) throw invalid(tooBig);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(source);
  } catch (error) {
    throw invalid(error instanceof RangeError ? 'it is nested too deeply' : describeSyntaxError(error), error);
  }
  const { problem, dataSources, memberNames } = analyse(parsed.expr, scope, isFunction);
  if (problem !== undefined) throw invalid(problem);
  return { parsed, analysis: { dataSources, memberNames } };
}

/** Where in its text an expression failed, as far as the evaluator tells. */
function placeOf(exprId: bigint | undefined, { sourceInfo }: ReturnType<typeof parse>): string {
  const offset = exprId === undefined ? undefined : sourceInfo?.positions[String(exprId)];
  return offset === undefined ? '' : ` at character ${offset + 1}`;
}

function findExcess(source: string): string | undefined {
  if (source.length > MAX_SOURCE_LENGTH) return `it is longer than ${MAX_SOURCE_LENGTH} characters`;
  let depth = 0;
  for (const character of source) {
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (depth > MAX_NESTING) return `it nests deeper than ${MAX_NESTING}`;
  }
  return undefined;
}

/** The parser's messages begin with `<input>:line:column:`; the rest is about the operator's own text. */
function describeSyntaxError(error: unknown): string {
  const message = error instanceof Error ? error.message : 'syntax error';
  const match = /^<input>:(\d+):(\d+):\s*([\s\S]*)$/.exec(message);
  return match === null ? message.slice(0, 300) : `line ${match[1]}, character ${match[2]}: ${match[3]?.slice(0, 300)}`;
}

function invalid(message: string, cause?: unknown): ParsecError {
  return new ParsecError('PARSEC_EXPRESSION_INVALID', message, { cause });
}

function memoised<Compiled>(compile: (pattern: string) => Compiled): (pattern: string) => Compiled {
  const known = new Map<string, Compiled>();
  return (pattern) => {
    let compiled = known.get(pattern);
    if (compiled === undefined) {
      compiled = compile(pattern);
      if (known.size >= MAX_REGEXPS) known.clear();
      known.set(pattern, compiled);
    }
    return compiled;
  };
}
