/** Shorter texts occur by chance, and guard nothing. */
const SHORTEST = 4;
/** A quoted text, and whether it is the name of a member in JSON. */
const QUOTED = /"((?:[^"\\\n]|\\.)*)"(\s*:)?/g;
const HEREDOC = /<<-?\s*(\w+)\r?\n([\s\S]*?)\n\s*\1/g;

/**
 * Makes a function that takes the values of a plugin's configuration and environment out of what the plugin says, which may quote them:
 * a value can be a credential, and nothing tells which one is.
 */
export function hideValues(configuration: string, environment: ReadonlyMap<string, string>): (text: string) => string {
  const quoted = [...configuration.matchAll(QUOTED)].flatMap(([, literal = '', colon]) =>
    colon === undefined ? [literal, unescaped(literal)] : [],
  );
  const heredocs = [...configuration.matchAll(HEREDOC)].map(([, , text = '']) => text);
  const lines = [...quoted, ...heredocs, ...environment.values()].flatMap((value) => [value, ...value.split('\n')]);
  const hidden = new Set(lines.map((line) => line.trim()).filter((line) => line.length >= SHORTEST));
  // The longest first: another value may be a part of it.
  const ordered = [...hidden].toSorted((one, other) => other.length - one.length);
  return (text) => ordered.reduce((shown, value) => shown.replaceAll(value, '[hidden]'), text);
}

function unescaped(literal: string): string {
  try {
    return JSON.parse(`"${literal}"`) as string;
  } catch {
    // An escape that HCL knows and JSON does not.
    return literal;
  }
}
