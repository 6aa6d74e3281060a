import {
  DATA_JSON_VALUES,
  findJsonProblem,
  UnavailableError,
  type CallContext,
  type DataSource,
  type ExchangeFacts,
  type JsonValue,
} from '@parsec/plugin-sdk';
import { callWithDeadline } from '@parsec/resilience';

/** A data source as configuration has it. */
export interface ConfiguredDataSource {
  readonly name: string;
  readonly source: DataSource;
  /** `false`: its failure leaves the data out. */
  readonly required: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** What one exchange gives beside its facts. */
export interface GatheringCall extends CallContext {
  /** How deep data may nest. */
  readonly maxJsonDepth: number;
}

/** What the data sources of one exchange knew. */
export interface GatheredData {
  /** By the source's name. A source that knows nothing, or failed though it is not required, has an empty object. */
  readonly data: ReadonlyMap<string, JsonValue>;
  /** Names of the sources whose data had to be left out. */
  readonly leftOut: readonly string[];
}

/**
 * Asks the data sources side by side, each within its own time.
 * @throws UnavailableError where a required one fails
 */
export async function gatherData(
  sources: readonly ConfiguredDataSource[],
  facts: ExchangeFacts,
  call: GatheringCall,
): Promise<GatheredData> {
  const data = new Map<string, JsonValue>();
  const leftOut: string[] = [];
  await Promise.all(
    sources.map(async (source) => {
      try {
        data.set(source.name, await ask(source, facts, call));
      } catch (error) {
        if (source.required || call.signal.aborted) throw error;
        data.set(source.name, {});
        leftOut.push(source.name);
      }
    }),
  );
  return { data, leftOut };
}

async function ask(
  { name, source, timeout }: ConfiguredDataSource,
  facts: ExchangeFacts,
  { signal, maxJsonDepth }: GatheringCall,
): Promise<JsonValue> {
  let result: JsonValue | undefined;
  try {
    result = await callWithDeadline((context) => source.fetch(facts, context), {
      milliseconds: timeout,
      signal,
      what: `data source "${name}"`,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new UnavailableError(`data source "${name}" failed`, { reason: 'data_source_failed', cause: error });
  }
  if (result === undefined) return {};
  const problem = findJsonProblem(result, { maxDepth: maxJsonDepth, maxValues: DATA_JSON_VALUES });
  if (problem !== undefined) throw new UnavailableError(`what data source "${name}" returned ${problem}`, { reason: 'data_source_failed' });
  return result;
}
