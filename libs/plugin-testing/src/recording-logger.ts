import type { PluginLogger } from '@parsec/plugin-sdk';

/** A line that was logged. */
export interface LogLine {
  readonly level: keyof PluginLogger;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A log that keeps its lines. */
export class RecordingLogger implements PluginLogger {
  readonly lines: LogLine[] = [];

  debug(message: string, facts?: Readonly<Record<string, unknown>>): void {
    this.#record('debug', message, facts);
  }

  info(message: string, facts?: Readonly<Record<string, unknown>>): void {
    this.#record('info', message, facts);
  }

  warn(message: string, facts?: Readonly<Record<string, unknown>>): void {
    this.#record('warn', message, facts);
  }

  error(message: string, facts?: Readonly<Record<string, unknown>>): void {
    this.#record('error', message, facts);
  }

  #record(level: keyof PluginLogger, message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level, message, facts });
  }
}
