import { pino, type DestinationStream, type Logger } from 'pino';
import { findCompactJose, type PluginKind, type PluginLogger } from '@parsec/plugin-sdk';

/** Levels that `observability.log_level` may name. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * The log: JSON lines. Whatever reaches it, no credential leaves it: the finished line is searched, so that errors and facts
 * of third parties are covered too.
 * @param destination where lines go; {@link standardOutput} in a server
 */
export function createLogger(level: LogLevel, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      hooks: { streamWrite: redact },
    },
    destination,
  );
}

/**
 * Standard output, written before the call that logs returns: no token leaves without its audit line, and lines keep their order.
 * @param onFailure called when a line cannot be written, as on a full disk; a service that cannot audit must not go on
 */
export function standardOutput(onFailure: (error: Error) => never): DestinationStream {
  const destination = pino.destination({ fd: 1, sync: true });
  destination.on('error', onFailure);
  return destination;
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
