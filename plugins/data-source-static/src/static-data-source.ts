import { Injectable } from '@nestjs/common';
import type { CallContext, DataSource, ExchangeFacts, JsonObject } from '@parsec/plugin-sdk';
import { StaticDataSourceOptions } from './options.js';

/** The same data for every exchange. */
@Injectable()
export class StaticDataSource implements DataSource {
  readonly #data: JsonObject;

  constructor({ data }: StaticDataSourceOptions) {
    this.#data = data;
  }

  async fetch(_facts: ExchangeFacts, { signal }: CallContext): Promise<JsonObject> {
    signal.throwIfAborted();
    return this.#data;
  }
}
