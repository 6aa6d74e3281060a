const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const BYTES = { B: 1, KiB: 1024, MiB: 1024 * 1024 } as const;

/** Milliseconds of `500ms`, `30s`, `5m`, `24h`; `undefined` for anything else. */
export function parseDuration(text: unknown): number | undefined {
  const match = typeof text === 'string' ? /^(\d{1,9})(ms|s|m|h)$/.exec(text) : null;
  return match === null ? undefined : Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS];
}

/** Bytes of `512B`, `64KiB`, `1MiB`; `undefined` for anything else. */
export function parseByteSize(text: unknown): number | undefined {
  const match = typeof text === 'string' ? /^(\d{1,9})(B|KiB|MiB)$/.exec(text) : null;
  return match === null ? undefined : Number(match[1]) * BYTES[match[2] as keyof typeof BYTES];
}

/** The shortest text that {@link parseDuration} reads as this many milliseconds. */
export function formatDuration(milliseconds: number): string {
  const unit = (['h', 'm', 's'] as const).find((candidate) => milliseconds > 0 && milliseconds % MILLISECONDS[candidate] === 0) ?? 'ms';
  return `${milliseconds / MILLISECONDS[unit]}${unit}`;
}
