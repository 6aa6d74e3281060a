/** Where a part of the configuration was written. */
export interface Place {
  /** The file as it was named to parsec, or the override: `environment PARSEC__X`, `--set a.b`. */
  readonly source: string;
  /** Counted from 1; overrides have none. */
  readonly line?: number;
  /** Counted from 1; overrides have none. */
  readonly column?: number;
}

/** One thing that is wrong with the configuration. Never holds a value of it. */
export interface ConfigurationProblem extends Place {
  /** `trust_stores.corporate.type`; empty where the whole file is meant. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What would be right. */
  readonly expected?: string;
  /** A valid name that is near to the one that was written. */
  readonly nearest?: string;
}

/** One line for people: `parsec.yaml:12:5 server.htpp_port: unknown key; did you mean "http_port"?` */
export function formatProblem(problem: ConfigurationProblem): string {
  const place = formatPlace(problem);
  const head = problem.path === '' ? place : `${place} ${problem.path}`;
  const expected = problem.expected === undefined ? '' : `; expected ${problem.expected}`;
  const nearest = problem.nearest === undefined ? '' : `; did you mean "${problem.nearest}"?`;
  return `${head}: ${problem.message}${expected}${nearest}`;
}

/** Sorts by place: the file from top to bottom, then overrides by name. */
export function compareProblems(one: ConfigurationProblem, other: ConfigurationProblem): number {
  return (
    Number(one.line === undefined) - Number(other.line === undefined) ||
    compareTexts(one.source, other.source) ||
    (one.line ?? 0) - (other.line ?? 0) ||
    (one.column ?? 0) - (other.column ?? 0) ||
    compareTexts(one.path, other.path)
  );
}

function formatPlace({ source, line, column }: Place): string {
  return line === undefined || column === undefined ? source : `${source}:${line}:${column}`;
}

function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
