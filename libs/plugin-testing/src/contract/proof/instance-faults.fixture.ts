import { createServer } from 'node:net';
import type { CallContext, ExchangeFacts, Health, JsonValue } from '@parsec/plugin-sdk';
import type { BrokenPlugin } from './broken-plugin.fixture.js';
import { dataSource, GOOD_DATA_SOURCE, GoodDataSource } from './data-sources.fixture.js';

/** What instances must not share, and these do. */
const lock = { held: false };
const pool = { closed: false };

/** What instances of every kind can do wrong, shown with data sources. */
export const INSTANCE_FAULTS: readonly BrokenPlugin<'data_source'>[] = [
  {
    check: 'health is up or down, in words',
    fault: 'has another word for its health',
    says: 'neither up nor down',
    fixture: dataSource(
      class extends GoodDataSource {
        override health(): Health {
          return { status: 'fine' as 'up' };
        }
      },
    ),
  },
  {
    check: 'health is up or down, in words',
    fault: 'throws when asked for its health',
    says: 'unwell',
    fixture: dataSource(
      class extends GoodDataSource {
        override health(): Health {
          throw new Error('unwell');
        }
      },
    ),
  },
  {
    check: 'closing twice is safe',
    fault: 'cannot be closed twice',
    says: 'closed already',
    fixture: dataSource(
      class extends GoodDataSource {
        #closed = false;
        override async onApplicationShutdown(): Promise<void> {
          await super.onApplicationShutdown();
          if (this.#closed) throw new Error('closed already');
          this.#closed = true;
        }
      },
    ),
  },
  {
    check: 'nothing is left after closing',
    fault: 'leaves what it opened',
    says: 'Timeout',
    fixture: dataSource(
      class extends GoodDataSource {
        override async onApplicationShutdown(): Promise<void> {}
      },
    ),
  },
  {
    check: 'nothing is left after closing',
    fault: 'leaves a call scheduled',
    says: 'still scheduled',
    fixture: dataSource(
      class extends GoodDataSource {
        override fetch(facts: ExchangeFacts, context: CallContext): Promise<JsonValue | undefined> {
          this.clock.schedule(1_000, () => {});
          return super.fetch(facts, context);
        }
      },
    ),
  },
  {
    check: 'nothing is left after closing',
    fault: 'leaves a socket',
    says: 'TCPSERVERWRAP',
    fixture: dataSource(
      class extends GoodDataSource {
        override async onModuleInit(): Promise<void> {
          await super.onModuleInit();
          const server = createServer().unref();
          await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        }
      },
    ),
  },
  {
    check: 'a failed open releases everything',
    fault: 'closes only what has opened wholly',
    says: 'Timeout',
    fixture: dataSource(
      class extends GoodDataSource {
        #opened = false;
        override async onModuleInit(): Promise<void> {
          await super.onModuleInit();
          this.#opened = true;
        }
        override async onApplicationShutdown(): Promise<void> {
          if (this.#opened) await super.onApplicationShutdown();
        }
      },
    ),
  },
  {
    check: 'a failed open releases everything',
    fault: 'opens with anything',
    says: 'Missing expected rejection',
    fixture: { ...GOOD_DATA_SOURCE, unopenableOptions: [GOOD_DATA_SOURCE.options] },
  },
  {
    check: 'two instances with the same options live side by side',
    fault: 'opens once only',
    says: 'locked',
    fixture: dataSource(
      class extends GoodDataSource {
        override async onModuleInit(): Promise<void> {
          if (lock.held) throw new Error('locked');
          lock.held = true;
          await super.onModuleInit();
        }
        override async onApplicationShutdown(): Promise<void> {
          await super.onApplicationShutdown();
          lock.held = false;
        }
      },
    ),
  },
  {
    check: 'two instances with the same options live side by side',
    fault: 'takes the other down when it closes',
    says: 'closed',
    fixture: dataSource(
      class extends GoodDataSource {
        override async onApplicationShutdown(): Promise<void> {
          await super.onApplicationShutdown();
          pool.closed = true;
        }
        override async fetch(facts: ExchangeFacts, context: CallContext): Promise<JsonValue | undefined> {
          if (pool.closed) throw new Error('closed');
          return super.fetch(facts, context);
        }
      },
    ),
  },
];
