/** Keys and list indices from the top of the configuration downward. */
export type ConfigurationPath = readonly (string | number)[];

/** Longest key that is written out whole. */
const MAX_KEY_LENGTH = 100;

/**
 * `trust_stores.corporate.options.audiences.0`. Keys that are no plain words stand in brackets and quotation marks,
 * escaped, so that no key can move a terminal's cursor or pass for several.
 */
export function formatPath(path: ConfigurationPath): string {
  return path.map((part, index) => formatPart(String(part), index === 0)).join('');
}

function formatPart(part: string, first: boolean): string {
  const short = part.length > MAX_KEY_LENGTH ? `${part.slice(0, MAX_KEY_LENGTH)}…` : part;
  if (!/^[\w-]+$/.test(short)) return `[${quote(short)}]`;
  return first ? short : `.${short}`;
}

/** The text in quotation marks; everything but visible ASCII and the ellipsis is escaped. */
export function quote(text: string): string {
  return JSON.stringify(text).replaceAll(/[^\x20-\x7e…]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`);
}
