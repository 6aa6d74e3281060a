import { isJsonObject, ParsecError, type ExchangeFacts, type JsonObject, type JsonValue } from '@parsec/plugin-sdk';
import { CLAIMS_SCOPE, compileExpression, exchangeVariables, toCel, type Expression } from '@parsec/plugin-sdk/cel';
import type { ClaimMapping } from './mapping-problems.js';

/** The claims that mappings make. */
export type MappedClaim = 'tctx' | 'rctx';

/** Mappings of each claim, applied in order. */
export type ClaimMappings = Readonly<Partial<Record<MappedClaim, readonly ClaimMapping[]>>>;

type CompiledMapping = 'details' | 'context' | Expression;

/** Makes `tctx` and `rctx` of a token type. Compiled once for a generation. */
export class ClaimMapper {
  /** Names of the data sources that the expressions ask. */
  readonly dataSources: readonly string[];
  readonly #mappings: readonly { readonly claim: MappedClaim; readonly steps: readonly CompiledMapping[] }[];

  /** @param mappings checked: every expression compiles and none clashes with another */
  constructor(mappings: ClaimMappings) {
    this.#mappings = (['tctx', 'rctx'] as const).flatMap((claim) => {
      const steps = mappings[claim]?.map(compile);
      return steps === undefined ? [] : [{ claim, steps }];
    });
    this.dataSources = [...new Set(this.#expressions().flatMap((expression) => expression.dataSources))];
  }

  /**
   * Finds a member of what the caller sent that stands where a computed member may: such names are reserved, whether or not
   * the mapping yields them this time.
   */
  findReserved(part: 'context' | 'details', sent: JsonObject): string | undefined {
    const claims = this.#mappings.filter(({ steps }) => steps.includes(part));
    const reserved = claims.flatMap(({ steps }) => steps.flatMap((step) => (typeof step === 'string' ? [] : (step.memberNames ?? []))));
    return reserved.find((name) => Object.hasOwn(sent, name));
  }

  /**
   * @param facts with `request.context` and `request.details` reduced to what the caller is believed about
   * @param data what the sources in {@link dataSources} returned
   * @throws ParsecError `PARSEC_CONTEXT_MAPPING_FAILED` that names the claim and holds no data
   */
  map(facts: ExchangeFacts, data: ReadonlyMap<string, JsonValue>): Partial<Record<MappedClaim, JsonObject>> {
    const variables = this.#expressions().length === 0 ? {} : exchangeVariables(facts);
    const apply = (step: CompiledMapping, claim: MappedClaim): JsonObject => {
      if (typeof step === 'string') return facts.request[step];
      return evaluate(step, claim, () => step.evaluate(variables, (name) => toCel(data.get(name) ?? {})));
    };
    return Object.fromEntries(
      this.#mappings.map(({ claim, steps }) => [claim, Object.assign({}, ...steps.map((step) => apply(step, claim))) as JsonObject]),
    );
  }

  #expressions(): Expression[] {
    return this.#mappings.flatMap(({ steps }) => steps.filter((step): step is Expression => typeof step !== 'string'));
  }
}

function compile({ details, context, cel = '{}' }: ClaimMapping): CompiledMapping {
  if (details === true) return 'details';
  return context === true ? 'context' : compileExpression(cel, CLAIMS_SCOPE);
}

function evaluate(expression: Expression, claim: MappedClaim, run: () => JsonValue): JsonObject {
  const failed = (message: string, cause?: unknown): ParsecError =>
    new ParsecError('PARSEC_CONTEXT_MAPPING_FAILED', `${claim}: ${message} (${expression.source.slice(0, 80)})`, {
      reason: 'mapping_failed',
      cause,
    });
  let result: JsonValue;
  try {
    result = run();
  } catch (error) {
    throw failed('the mapping failed', error);
  }
  if (!isJsonObject(result)) throw failed('the mapping did not yield a map');
  return result;
}
