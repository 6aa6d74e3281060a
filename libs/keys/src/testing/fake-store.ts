import { UnavailableError, type JsonValue } from '@parsec/plugin-sdk';
import type { Replacement, SharedDocument, SharedDocuments, SharedView } from '@parsec/state';

interface Entry {
  readonly text: string;
  /** Milliseconds of the store's own time; `undefined` for ever. */
  readonly until: number | undefined;
}

/** A store in memory that several replicas share, or one replica comes back to. */
export class FakeStore {
  #documents = new Map<string, Entry>();
  #presences = new Map<string, Entry>();

  constructor(
    private readonly shared: boolean,
    private readonly now: () => number,
  ) {}

  /** Everything is lost, as after FLUSHALL. */
  flush(): void {
    this.#documents.clear();
    this.#presences.clear();
  }

  /** @param pass called before and after each call takes effect; throws to make it fail at that point */
  connect(replica: string, pass: () => void = () => {}): SharedDocuments {
    const begin = (): void => {
      pass();
      for (const entries of [this.#documents, this.#presences]) {
        for (const [name, { until }] of entries) if (until !== undefined && until <= this.now()) entries.delete(name);
      }
    };
    const renewAll = (renew: ReadonlyMap<string, number>): void => {
      for (const [name, lease] of renew) {
        const entry = this.#documents.get(name);
        if (entry !== undefined) this.#documents.set(name, { ...entry, until: this.now() + lease });
      }
    };
    return {
      shared: this.shared,
      sync: async (presence: JsonValue, renew = new Map<string, number>()): Promise<SharedView> => {
        begin();
        if (this.shared) this.#presences.set(replica, { text: JSON.stringify(presence), until: this.now() + 24 * 3_600_000 });
        renewAll(renew);
        const view = { documents: read(this.#documents), replicas: valuesOf(read(this.#presences)) };
        pass();
        return view;
      },
      replace: async (name: string, { expected, value, onlyFirst, lease }: Replacement): Promise<SharedDocument | undefined> => {
        begin();
        if (this.#documents.get(name)?.text !== expected?.text || (onlyFirst === true && this.#documents.size > 0)) return undefined;
        const text = JSON.stringify(value);
        this.#documents.set(name, { text, until: lease === undefined ? undefined : this.now() + lease });
        pass();
        return { value, text };
      },
    };
  }
}

/** What a store says that is out. */
export function storeIsOut(): never {
  throw new UnavailableError('the store is out');
}

function read(entries: ReadonlyMap<string, Entry>): ReadonlyMap<string, SharedDocument> {
  return new Map([...entries].map(([name, { text }]) => [name, { text, value: JSON.parse(text) as JsonValue }]));
}

function valuesOf(documents: ReadonlyMap<string, SharedDocument>): ReadonlyMap<string, JsonValue> {
  return new Map([...documents].map(([name, { value }]) => [name, value]));
}
