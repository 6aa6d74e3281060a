import type { JsonValue } from '@parsec/plugin-sdk';

/** A document as it was read. It is handed back to replace it. */
export interface SharedDocument {
  readonly value: JsonValue;
  /** Its text as it is stored; another text is another state of the document. */
  readonly text: string;
}

/** What was there at one moment. */
export interface SharedView {
  readonly documents: ReadonlyMap<string, SharedDocument>;
  /** What each replica said last, within a day, by its name, this one included. Empty where nothing is shared. */
  readonly replicas: ReadonlyMap<string, JsonValue>;
}

/** How a document is replaced. */
export interface Replacement {
  /** What it must still be; `undefined` where there must be none of this name. */
  readonly expected: SharedDocument | undefined;
  readonly value: JsonValue;
  /** Refused where there is any document, of whatever name. Default: false. */
  readonly onlyFirst?: boolean;
  /** Milliseconds for which it stays when nobody renews it. Default: it stays. */
  readonly lease?: number;
}

/** A set of small JSON documents that outlives this process, and that other replicas may share. */
export interface SharedDocuments {
  /** Whether other processes see it. */
  readonly shared: boolean;
  /**
   * Says what this replica has to say, renews the leases of the documents `renew` names, and reads everything.
   * @throws UnavailableError where the store is out
   */
  sync(presence: JsonValue, renew?: ReadonlyMap<string, number>): Promise<SharedView>;
  /**
   * Compare and set.
   * @returns the document as it now is; `undefined`, and changes nothing, where somebody was faster
   * @throws UnavailableError where the store is out; whether it was replaced then shows at the next {@link sync}
   */
  replace(name: string, replacement: Replacement): Promise<SharedDocument | undefined>;
}

/** Marks that replicas share. */
export interface SharedMarks {
  /**
   * Marks an identifier for a while, the same for all replicas.
   * @param lifetime milliseconds
   * @returns `false` where it is marked already
   * @throws UnavailableError where the store is out
   */
  mark(identifier: string, lifetime: number): Promise<boolean>;
}

/** Where state lives that outlives one exchange. */
export interface State {
  /** Whether other replicas share it. */
  readonly shared: boolean;
  /** The name of this replica. */
  readonly replica: string;
  /**
   * @param set `[a-z0-9_]+`
   * @param lasting what of a document is worth keeping beyond this process, where nobody else reads it; `undefined` for nothing. Default: all.
   */
  documents(set: string, lasting?: (value: JsonValue) => JsonValue | undefined): SharedDocuments;
  /** `undefined` where nothing is shared. */
  readonly marks: SharedMarks | undefined;
  /** Whether the store answers, as far as is known. */
  readonly up: boolean;
  close(): Promise<void>;
}
