import { isJsonObject, type JsonObject } from './json.js';

/** Shorter parts cannot hold a header with an algorithm. */
const MIN_HEADER_LENGTH = 8;

/** Where in a text something stands that begins like a compact JWS or JWE: a JOSE header in base64url, and a dot. */
export interface CompactJose {
  readonly start: number;
  /** Behind the last part that can belong to it. */
  readonly end: number;
}

/**
 * Finds everything in a text that looks like a compact JWS or JWE (RFC 7515 and RFC 7516, section 7.1), whole or cut short.
 * Takes padded parts too, because lenient parsers do. Linear in the text but for a bounded number of tries for each part.
 */
export function findCompactJose(text: string): readonly CompactJose[] {
  const found: CompactJose[] = [];
  let from = 0;
  for (let dot = text.indexOf('.'); dot !== -1; dot = text.indexOf('.', from)) {
    let partEnd = dot;
    while (partEnd > from && text[partEnd - 1] === '=') partEnd -= 1;
    let start = partEnd;
    while (start > from && isBase64Url(text.codePointAt(start - 1))) start -= 1;
    from = dot + 1;
    const header = findHeader(text.slice(start, partEnd));
    if (header === undefined) continue;
    start += header;
    while (from < text.length && (isBase64Url(text.codePointAt(from)) || text[from] === '.' || text[from] === '=')) from += 1;
    found.push({ start, end: from });
  }
  return found;
}

/** The JSON object that a text is, or `undefined`; without the limits of contexts, because a token has none. */
export function readObject(text: string): JsonObject | undefined {
  // Most texts are no JSON, and finding that out by an exception is slow.
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** How JSON objects begin in base64url: a brace, and a quotation mark or white space. */
const BEGINNING = /ey[JA]|ew[ok0]/g;
/** Beginnings that are tried in one part. A header holds hardly any but its own, so the last ones are enough. */
const MAX_BEGINNINGS = 16;

/** Where in a part a JOSE header begins that ends with it: at its start, or behind something that it was glued to. */
function findHeader(part: string): number | undefined {
  const beginnings = Array.from(part.matchAll(BEGINNING), ({ index }) => index).slice(-MAX_BEGINNINGS);
  return [0, ...beginnings].find((index) => isJoseHeader(part.slice(index)));
}

function isJoseHeader(part: string): boolean {
  if (part.length < MIN_HEADER_LENGTH) return false;
  const header = readObject(Buffer.from(part, 'base64url').toString('utf8'));
  return header !== undefined && typeof header['alg'] === 'string';
}

function isBase64Url(code: number | undefined): boolean {
  if (code === undefined) return false;
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 45 || code === 95;
}
