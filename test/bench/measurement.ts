import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import autocannon, { type Result } from 'autocannon';

/** Figures of one target at one number of connections, over all its rounds. */
export class Measurement {
  /** Microseconds; autocannon's own histogram knows whole milliseconds only. */
  readonly #latency: RecordableHistogram = createHistogram();
  #answers = 0;
  #seconds = 0;

  /** Adds a round of load, whose every answer must be 200. */
  async addRound(url: string, connections: number, seconds: number, nextBody: () => string): Promise<void> {
    const result = await new Promise<Result>((resolve, reject) => {
      const run = autocannon(
        {
          url: `${url}/v1/token`,
          connections,
          duration: seconds,
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          requests: [{ setupRequest: (request) => ({ ...request, body: nextBody() }) }],
        },
        (error: Error | null, outcome) => (error === null ? resolve(outcome) : reject(error)),
      );
      run.on('response', (_client, _status, _bytes, milliseconds) => this.#latency.record(Math.max(1, Math.round(milliseconds * 1000))));
    });
    if (result['2xx'] !== result.requests.total || result.errors > 0) throw new Error(`not every answer of ${url} was 200`);
    this.#answers += result['2xx'];
    this.#seconds += result.duration;
  }

  /** Answers per second. */
  get perSecond(): number {
    return this.#answers / this.#seconds;
  }

  /** Latency in milliseconds. */
  percentile(percentile: number): number {
    return this.#latency.percentile(percentile) / 1000;
  }
}
