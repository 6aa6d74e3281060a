import type { ModuleMetadata, Type } from '@nestjs/common';
import type { Authorizer } from './kinds/authorizer.js';
import type { DataSource } from './kinds/data-source.js';
import type { KeyManager } from './kinds/key-manager.js';
import type { TrustedIssuer, TrustStore } from './kinds/trust-store.js';

/** The version of the plugin contract that this package describes. */
export const PLUGIN_API_VERSION = 1;

/** The contract that the instances of each kind fulfil. */
export interface PluginKinds {
  trust_store: TrustStore;
  key_manager: KeyManager;
  data_source: DataSource;
  authorizer: Authorizer;
}

export type PluginKind = keyof PluginKinds;

export const PLUGIN_KINDS = ['trust_store', 'key_manager', 'data_source', 'authorizer'] as const satisfies PluginKind[];

/** A word, or `vendor/word` for plugins of third parties. */
export const PLUGIN_TYPE = /^[a-z][a-z0-9_]*(\/[a-z][a-z0-9_]*)?$/;

/** A trusted issuer that stands in options. */
export interface DeclaredIssuer {
  readonly issuer: TrustedIssuer;
  /** Where it stands, from the options downward. */
  readonly path: readonly string[];
}

/** A trusted issuer that options refer to. */
export interface IssuerReference {
  /** Patterns with `*` are not looked up. */
  readonly name: string;
  /** Where it stands, from the options downward. */
  readonly path: readonly (string | number)[];
}

/**
 * A plugin: code, not yet configured. Each entry of the configuration that names its type becomes an instance
 * in a Nest application context of its own, so instances never see each other.
 *
 * The instance opens in `onModuleInit` (the kernel waits for it) and closes in `onApplicationShutdown`.
 * Opening fails only on what is wrong here: a bad option, an unreadable file. Where a remote is down, open and report `down`.
 */
export interface PluginDefinition<Kind extends PluginKind = PluginKind, Options extends object = object> {
  readonly kind: Kind;
  /** The word behind `type:` in the configuration, of the form {@link PLUGIN_TYPE}. */
  readonly type: string;
  readonly apiVersion: typeof PLUGIN_API_VERSION;
  /**
   * A class with class-validator decorators. Every key is checked and unknown ones are refused before an instance is made.
   * Validation is pure: it does no I/O. The checked options are injected by this class.
   */
  readonly options: Type<Options>;
  /** An `@Injectable()` class; `constructor(options: TheOptions, @Inject(LOGGER) logger: PluginLogger, …)`. */
  readonly instance: Type<PluginKinds[Kind]>;
  /** Further Nest modules that the instance needs; rarely any. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  /** Further Nest providers that the instance needs; rarely any. */
  readonly providers?: NonNullable<ModuleMetadata['providers']>;
  /**
   * Trust stores whose issuers all stand in their options say so here, without I/O; `parsec validate` then checks them
   * against each other and against the names that policies use. Left out: the issuers are known only while running.
   */
  declaredIssuers?(options: Options): readonly DeclaredIssuer[];
  /**
   * Trusted issuers that the options refer to by name, so that a misspelt one is found.
   */
  issuerReferences?(options: Options): readonly IssuerReference[];
}

/**
 * Describes a plugin; the module's default export.
 *
 * ```ts
 * export default definePlugin({
 *   kind: 'data_source',
 *   type: 'acme/ldap',
 *   apiVersion: 1,
 *   options: LdapOptions,
 *   instance: LdapDataSource,
 * });
 * ```
 */
export function definePlugin<const Kind extends PluginKind, Options extends object>(
  definition: PluginDefinition<Kind, Options>,
): PluginDefinition<Kind, Options> {
  return Object.freeze(definition);
}
