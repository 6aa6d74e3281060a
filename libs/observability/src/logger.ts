import { pino, type DestinationStream, type Logger } from 'pino';
import type { PluginKind, PluginLogger } from '@parsec/plugin-sdk';

/** What a compact JWS or JWE looks like inside any line: a base64url part that begins a JSON object, a dot, and more. */
const COMPACT_JOSE = /eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_.-]*/g;

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

/** Replaces everything in a text that looks like a compact JWS or JWE. */
export function redact(text: string): string {
  return text.includes('eyJ') ? text.replace(COMPACT_JOSE, '[redacted]') : text;
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
