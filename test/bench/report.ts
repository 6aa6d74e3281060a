import type { Measurement } from './measurement.js';

/** One number of connections, at both servers. */
export interface Level {
  readonly connections: number;
  readonly parsec: Measurement;
  readonly bareServer: Measurement;
}

/** What results.json holds of one run; names end in their unit. */
export interface Summary {
  readonly bare_cryptography_per_second: number;
  readonly levels: readonly LevelSummary[];
}

interface LevelSummary {
  readonly connections: number;
  readonly parsec: Figures;
  readonly bare_server: Figures;
  readonly parsec_of_bare_server: number;
  readonly parsec_of_bare_cryptography: number;
  readonly bare_server_of_bare_cryptography: number;
}

interface Figures {
  readonly per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** Puts the figures of a run beside each other. */
export function summarise(cryptographyPerSecond: number, levels: readonly Level[]): Summary {
  return {
    bare_cryptography_per_second: Math.round(cryptographyPerSecond),
    levels: levels.map(({ connections, parsec, bareServer }) => ({
      connections,
      parsec: figuresOf(parsec),
      bare_server: figuresOf(bareServer),
      parsec_of_bare_server: round(parsec.perSecond / bareServer.perSecond),
      parsec_of_bare_cryptography: round(parsec.perSecond / cryptographyPerSecond),
      bare_server_of_bare_cryptography: round(bareServer.perSecond / cryptographyPerSecond),
    })),
  };
}

function figuresOf(measurement: Measurement): Figures {
  return {
    per_second: Math.round(measurement.perSecond),
    p50_ms: round(measurement.percentile(50)),
    p99_ms: round(measurement.percentile(99)),
  };
}

function round(value: number): number {
  return Number(value.toFixed(3));
}

const HEADER = ['connections', '', 'exchanges/s', 'p50 ms', 'p99 ms', 'of bare node:http', 'of bare cryptography'];

/** The same as a table for people. */
export function renderTable({ bare_cryptography_per_second, levels }: Summary): string {
  const rows = levels.flatMap((level) => [
    row(`${level.connections}`, 'parsec', level.parsec, level.parsec_of_bare_server, level.parsec_of_bare_cryptography),
    row('', 'bare node:http', level.bare_server, 1, level.bare_server_of_bare_cryptography),
  ]);
  const cryptography = ['', 'bare cryptography', `${bare_cryptography_per_second}`, '', '', '', '1.00'];
  return align([HEADER, ...rows, cryptography]);
}

function row(connections: string, name: string, figures: Figures, ofServer: number, ofCryptography: number): string[] {
  const decimals = [figures.p50_ms, figures.p99_ms, ofServer, ofCryptography].map((value) => value.toFixed(2));
  return [connections, name, `${figures.per_second}`, ...decimals];
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) => cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')).join('\n');
}
