import type { PluginKind } from './define-plugin.js';

/** Structured log of one instance. The kernel adds the instance's kind and name to every line. */
export interface PluginLogger {
  debug(message: string, facts?: Readonly<Record<string, unknown>>): void;
  info(message: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void;
  error(message: string, facts?: Readonly<Record<string, unknown>>): void;
}

/** What an instance knows of its place. */
export interface InstanceContext {
  readonly kind: PluginKind;
  /** The key of its entry in the configuration. */
  readonly name: string;
  /** The directory of the configuration file. Relative paths in options start here. */
  readonly directory: string;
  /** Aborted when the instance closes. Whatever the instance started by itself ends with it. */
  readonly signal: AbortSignal;
}

/** Injects the {@link InstanceContext}: `constructor(@Inject(INSTANCE) context: InstanceContext)`. */
export const INSTANCE = Symbol.for('parsec.instance');
/** Injects the {@link PluginLogger} of the instance. */
export const LOGGER = Symbol.for('parsec.logger');
/** Injects the `Clock`. */
export const CLOCK = Symbol.for('parsec.clock');
