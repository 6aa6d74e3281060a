import { Injectable } from '@nestjs/common';
import { definePlugin, type CallContext, type DataSource, type ExchangeFacts, type JsonValue } from '@parsec/plugin-sdk';
import { sampleFacts, samplePrincipal } from '../../sample-facts.js';
import type { ContractFixture } from '../fixture.js';
import type { BrokenPlugin } from './broken-plugin.fixture.js';
import { GOOD_FIXTURE, GoodInstance, GoodOptions } from './good-instance.fixture.js';
import { remote } from './remote.fixture.js';

@Injectable()
export class GoodDataSource extends GoodInstance implements DataSource {
  async fetch({ subject }: ExchangeFacts, { signal }: CallContext): Promise<JsonValue | undefined> {
    await remote.answer(signal);
    return subject.sub === 'nobody' ? undefined : { roles: ['trader'] };
  }
}

export const GOOD_DATA_SOURCE: ContractFixture<'data_source'> = {
  ...GOOD_FIXTURE,
  plugin: definePlugin({ kind: 'data_source', type: 'good', apiVersion: 1, options: GoodOptions, instance: GoodDataSource }),
  nothingFor: sampleFacts({ subject: samplePrincipal({ sub: 'nobody' }) }),
};

/** The good data source with another class for its instances. */
export function dataSource(instance: typeof GoodDataSource): ContractFixture<'data_source'> {
  return { ...GOOD_DATA_SOURCE, plugin: { ...GOOD_DATA_SOURCE.plugin, instance } };
}

export const BROKEN_DATA_SOURCES: readonly BrokenPlugin<'data_source'>[] = [
  {
    check: 'data is JSON within the limits',
    fault: 'answers with a date',
    says: 'holds something that JSON cannot express',
    fixture: dataSource(
      class extends GoodDataSource {
        override async fetch(): Promise<JsonValue> {
          return { since: new Date(0) as unknown as JsonValue };
        }
      },
    ),
  },
  {
    check: 'data is JSON within the limits',
    fault: 'has none where it should',
    says: 'no data',
    fixture: dataSource(
      class extends GoodDataSource {
        override async fetch(): Promise<undefined> {}
      },
    ),
  },
  {
    check: 'nothing to know is undefined, not a failure',
    fault: 'fails where there is nothing to know',
    says: '404',
    fixture: dataSource(
      class extends GoodDataSource {
        override async fetch(facts: ExchangeFacts, context: CallContext): Promise<JsonValue> {
          const data = await super.fetch(facts, context);
          if (data === undefined) throw new Error('404');
          return data;
        }
      },
    ),
  },
  {
    check: 'nothing to know is undefined, not a failure',
    fault: 'answers with null where there is nothing to know',
    says: 'null',
    fixture: dataSource(
      class extends GoodDataSource {
        override async fetch(facts: ExchangeFacts, context: CallContext): Promise<JsonValue> {
          return (await super.fetch(facts, context)) ?? null;
        }
      },
    ),
  },
  {
    check: 'a failure is a rejection, not missing data',
    fault: 'takes a failure for missing data',
    says: 'should have been rejected',
    fixture: dataSource(
      class extends GoodDataSource {
        override fetch(facts: ExchangeFacts, context: CallContext): Promise<JsonValue | undefined> {
          return super.fetch(facts, context).catch(() => undefined);
        }
      },
    ),
  },
];
