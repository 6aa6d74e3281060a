import type { ExchangeFacts, PluginDefinition, PluginKind } from '@parsec/plugin-sdk';

/** Options as they stand in a configuration file. */
export type PlainOptions = Readonly<Record<string, unknown>>;

/** A plugin, whatever its class of options. */
export type ContractPlugin<Kind extends PluginKind> = Pick<
  PluginDefinition<Kind>,
  'kind' | 'type' | 'apiVersion' | 'options' | 'instance' | 'imports' | 'providers'
>;

/**
 * What the contract suite needs to know of a plugin. A check that lacks what it needs fails;
 * one that the plugin cannot fulfil is named in `cannot`, and shown as skipped with the reason.
 */
export interface PluginFixture<Kind extends PluginKind> {
  readonly plugin: ContractPlugin<Kind>;
  /** Valid, and good to open with. */
  readonly options: PlainOptions;
  /** Each breaks one rule of the options. */
  readonly invalidOptions?: readonly PlainOptions[];
  /** Each is valid, but an instance cannot open with it. */
  readonly unopenableOptions?: readonly PlainOptions[];
  /** Texts among all these options, and whatever else the fixture arranges, that nobody may read in an error or a log. */
  readonly secrets?: readonly string[];
  /** Puts in place what the options refer to. `directory` is empty, new for every check, and stands for that of the configuration file. */
  readonly prepare?: (directory: string) => Promise<void> | void;
  /** Sees to it that no call which begins within `calls` finishes by itself, and undoes that. */
  readonly whileStalled?: (calls: () => Promise<void>) => Promise<void>;
  /** Sees to it that every call within `calls` goes wrong, and undoes that. */
  readonly whileFailing?: (calls: () => Promise<void>) => Promise<void>;
  /** The checks that this plugin cannot fulfil: name of the check to the reason. */
  readonly cannot?: Readonly<Record<string, string>>;
}

/** What the suite needs to know beside that, by kind. */
export interface KindFixtures {
  trust_store: {
    /** The names of the issuers that it knows with these options. */
    readonly issuers: readonly string[];
  };
  key_manager: object;
  data_source: {
    /** Facts for which it has data. Default: `sampleFacts()`. */
    readonly facts?: ExchangeFacts;
    /** Facts for which it has nothing. */
    readonly nothingFor?: ExchangeFacts;
  };
  authorizer: {
    /** Facts that it permits. */
    readonly permitted?: ExchangeFacts;
    /** Facts that it denies. */
    readonly denied?: ExchangeFacts;
  };
}

/** What the suite needs to know of a plugin of one kind. */
export type ContractFixture<Kind extends PluginKind> = PluginFixture<Kind> & KindFixtures[Kind];
