import { UnavailableError, type CallContext, type ExchangeFacts, type Health, type JsonValue } from '@parsec/plugin-sdk';
import type { BrokenPlugin } from './broken-plugin.fixture.js';
import { dataSource, GOOD_DATA_SOURCE, GoodDataSource } from './data-sources.fixture.js';

/** What calls of every kind can do wrong, and what instances can let out, shown with data sources. */
export const CALL_FAULTS: readonly BrokenPlugin<'data_source'>[] = [
  {
    check: 'no error and no log line holds a secret',
    fault: 'logs its options',
    says: 'secrets[0]',
    fixture: dataSource(
      class extends GoodDataSource {
        override async onModuleInit(): Promise<void> {
          this.logger.debug('opening', { options: { ...this.options } });
          await super.onModuleInit();
        }
      },
    ),
  },
  {
    check: 'no error and no log line holds a secret',
    fault: 'quotes a secret in the cause of an error',
    says: 'secrets[0]',
    fixture: dataSource(
      class extends GoodDataSource {
        override fetch(facts: ExchangeFacts, context: CallContext): Promise<JsonValue | undefined> {
          return super.fetch(facts, context).catch((cause: unknown) => {
            throw new UnavailableError('no answer', { cause: new Error(`GET /?token=${this.options.token}`, { cause }) });
          });
        }
      },
    ),
  },
  {
    check: 'no error and no log line holds a secret',
    fault: 'tells a secret with its health',
    says: 'secrets[0]',
    fixture: dataSource(
      class extends GoodDataSource {
        override health(): Health {
          return { status: 'up', detail: `as ${this.options.token}` };
        }
      },
    ),
  },
  {
    check: 'a call that is aborted before it begins is refused',
    fault: 'does not look at its signal',
    says: 'fetch, aborted before it began, should have been rejected',
    fixture: dataSource(
      class extends GoodDataSource {
        override fetch(facts: ExchangeFacts): Promise<JsonValue | undefined> {
          return super.fetch(facts, { signal: new AbortController().signal });
        }
      },
    ),
  },
  {
    check: 'a call that pends ends when it is aborted',
    fault: 'looks at its signal only at the beginning',
    says: 'did not settle within 1000ms',
    fixture: dataSource(
      class extends GoodDataSource {
        override async fetch(facts: ExchangeFacts, { signal }: CallContext): Promise<JsonValue | undefined> {
          signal.throwIfAborted();
          return super.fetch(facts, { signal: new AbortController().signal });
        }
      },
    ),
  },
  {
    check: 'a call that pends ends when it is aborted',
    fault: 'answers all the same when its signal aborts',
    says: 'fetch, aborted while it was pending, should have been rejected',
    fixture: dataSource(
      class extends GoodDataSource {
        override fetch(facts: ExchangeFacts, context: CallContext): Promise<JsonValue | undefined> {
          return super.fetch(facts, context).catch(() => undefined);
        }
      },
    ),
  },
  {
    check: 'a call that pends ends when it is aborted',
    fault: 'never has to wait',
    says: 'no call pends',
    fixture: { ...GOOD_DATA_SOURCE, whileStalled: (calls) => calls() },
  },
];
