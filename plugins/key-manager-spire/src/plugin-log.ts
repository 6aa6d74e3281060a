import { isJsonObject, type PluginLogger } from '@parsec/plugin-sdk';
import { Lines } from './lines.js';

/** Bytes of a line; what is beyond is left out. */
const MAX_LINE = 8 * 1024;

type Level = keyof PluginLogger;
const LEVELS: Readonly<Record<string, Level>> = { trace: 'debug', debug: 'debug', info: 'info', warn: 'warn', error: 'error' };

/** Takes what a plugin writes to one of its outputs into the log of the instance, line by line. */
export class PluginLog extends Lines {
  /** @param hide takes out what nobody may read */
  constructor(logger: PluginLogger, hide: (text: string) => string) {
    super(MAX_LINE, (line) => {
      const { level, message, facts } = readLine(line, hide);
      logger[level](`plugin: ${message}`, facts);
    });
  }
}

/** A line of hclog is JSON and says its level; any other is information. */
function readLine(line: string, hide: (text: string) => string): { level: Level; message: string; facts?: Record<string, unknown> } {
  try {
    const entry: unknown = JSON.parse(line, (_key, value: unknown) => (typeof value === 'string' ? hide(value) : value));
    if (isJsonObject(entry)) {
      const { '@level': level, '@message': message, '@timestamp': _timestamp, ...facts } = entry;
      if (typeof message === 'string') return { level: LEVELS[String(level)] ?? 'info', message, facts: { plugin: facts } };
    }
  } catch {
    // Not JSON, or cut off.
  }
  return { level: 'info', message: hide(line) };
}
