import { isJsonObject, ParsecError, type ExchangeFacts, type JsonObject, type JsonValue } from '@parsec/plugin-sdk';
import {
  CLAIMS_SCOPE,
  compileExpression,
  exchangeVariables,
  toCel,
  type DataSourceLookup,
  type Evaluation,
  type Expression,
  type ExpressionVariables,
} from '@parsec/plugin-sdk/cel';
import type { ClaimMapping } from './mapping-problems.js';

/** The claims that mappings make. */
export type MappedClaim = 'tctx' | 'rctx';

/** Mappings of each claim, applied in order. */
export type ClaimMappings = Readonly<Partial<Record<MappedClaim, readonly ClaimMapping[]>>>;

type CompiledMapping = 'details' | 'context' | Expression;

interface CompiledClaim {
  readonly claim: MappedClaim;
  readonly steps: readonly CompiledMapping[];
}

/** Makes `tctx` and `rctx` of a token type. Compiled once for a generation. */
export class ClaimMapper {
  /** Names of the data sources that the expressions ask. */
  readonly dataSources: readonly string[];
  readonly #claims: readonly CompiledClaim[];
  readonly #reserved: Readonly<Record<'context' | 'details', readonly string[]>>;

  /** @param mappings checked: every expression compiles and none clashes with another */
  constructor(mappings: ClaimMappings) {
    this.#claims = (['tctx', 'rctx'] as const).flatMap((claim) => {
      const steps = mappings[claim]?.map(compile);
      return steps === undefined ? [] : [{ claim, steps }];
    });
    const expressions = this.#claims.flatMap(({ steps }) => steps.filter(isExpression));
    this.dataSources = [...new Set(expressions.flatMap(({ dataSources }) => dataSources))];
    this.#reserved = { context: reservedNames(this.#claims, 'context'), details: reservedNames(this.#claims, 'details') };
  }

  /**
   * Finds a member of what the caller sent that stands where a computed member may: such names are reserved, whether or not
   * the mapping yields them this time.
   */
  findReserved(part: 'context' | 'details', sent: JsonObject): string | undefined {
    return this.#reserved[part].find((name) => Object.hasOwn(sent, name));
  }

  /**
   * @param facts with `request.context` and `request.details` reduced to what the caller is believed about
   * @param data what the sources in {@link dataSources} returned
   * @param maxJsonDepth how deep the result may nest
   * @throws ParsecError `PARSEC_CONTEXT_MAPPING_FAILED` that names the claim and holds no data
   */
  map(facts: ExchangeFacts, data: ReadonlyMap<string, JsonValue>, maxJsonDepth: number): Partial<Record<MappedClaim, JsonObject>> {
    let variables: ExpressionVariables | undefined;
    const apply = (step: CompiledMapping, claim: MappedClaim): JsonObject => {
      if (!isExpression(step)) return facts.request[step];
      variables ??= exchangeVariables(facts);
      const dataSource: DataSourceLookup = (name) => toCel(data.get(name) ?? {});
      return evaluate(step, claim, { variables, dataSource, maxJsonDepth });
    };
    return Object.fromEntries(
      this.#claims.map(({ claim, steps }) => [claim, Object.assign({}, ...steps.map((step) => apply(step, claim))) as JsonObject]),
    );
  }
}

function isExpression(step: CompiledMapping): step is Expression {
  return typeof step !== 'string';
}

/** The members that expressions may compute in claims which also take over what the caller sent. */
function reservedNames(claims: readonly CompiledClaim[], part: 'context' | 'details'): readonly string[] {
  const shared = claims.filter(({ steps }) => steps.includes(part));
  return shared.flatMap(({ steps }) => steps.filter(isExpression).flatMap(({ memberNames }) => memberNames ?? []));
}

function compile({ details, context, cel = '{}' }: ClaimMapping): CompiledMapping {
  if (details === true) return 'details';
  return context === true ? 'context' : compileExpression(cel, CLAIMS_SCOPE);
}

function evaluate(expression: Expression, claim: MappedClaim, evaluation: Evaluation): JsonObject {
  const failed = (message: string, cause?: unknown): ParsecError =>
    new ParsecError('PARSEC_CONTEXT_MAPPING_FAILED', `${claim}: ${message} (${expression.source.slice(0, 80)})`, {
      reason: 'mapping_failed',
      cause,
    });
  let result: JsonValue;
  try {
    result = expression.evaluate(evaluation);
  } catch (error) {
    throw failed('the mapping failed', error);
  }
  if (!isJsonObject(result)) throw failed('the mapping did not yield a map');
  return result;
}
