import { pino, type DestinationStream, type Logger } from 'pino';
import { findCompactJose, type PluginKind, type PluginLogger } from '@parsec/plugin-sdk';

/** Levels that `observability.log_level` may name. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * The log: JSON lines. Whatever reaches it, no credential leaves it: the finished line is searched, so that errors and facts
 * of third parties are covered too.
 * @param destination where lines go; standard output by default, written synchronously so that no audit line is lost
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: redact },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Cuts everything out of a text that looks like a compact JWS or JWE, whole or cut short. */
export function redact(text: string): string {
  return findCompactJose(text).reduceRight((rest, { start, end }) => `${rest.slice(0, start)}[redacted]${rest.slice(end)}`, text);
}

/** The log of one instance: its kind and name stand in every line. */
export function instanceLogger(logger: Logger, kind: PluginKind, name: string): PluginLogger {
  return pluginLogger(logger.child({ instance_kind: kind, instance: name }));
}

/** A log for core code in the form that plugins use. */
export function pluginLogger(logger: Logger): PluginLogger {
  return {
    debug: (message, facts = {}) => logger.debug(facts, message),
    info: (message, facts = {}) => logger.info(facts, message),
    warn: (message, facts = {}) => logger.warn(facts, message),
    error: (message, facts = {}) => logger.error(facts, message),
  };
}
