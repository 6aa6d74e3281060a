import { isJsonObject, type JsonObject, type JsonValue } from './json.js';

/** Shorter texts cannot hold a JOSE header with an algorithm. */
const MIN_LENGTH = 16;

/**
 * Looks for a credential in every text, member names included, at any depth: a JWS or JWE, compact or as JSON, whole or within
 * a longer text (RFC 7515 and RFC 7516, section 7), or one of the given credentials.
 * @param credentials those of this request
 * @returns the path to the first one found, or `undefined`; never any part of it
 */
export function findCredential(value: JsonValue, credentials: readonly string[] = []): string | undefined {
  const pending: { value: JsonValue; path: string }[] = [{ value, path: '' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value: current, path } = next;
    if (typeof current === 'string') {
      if (holdsCredential(current, credentials)) return path;
    } else if (Array.isArray(current)) {
      current.forEach((item: JsonValue, index) => pending.push({ value: item, path: `${path}[${index}]` }));
    } else if (isJsonObject(current)) {
      if (isJoseObject(current)) return path;
      for (const [name, member] of Object.entries(current)) {
        if (holdsCredential(name, credentials)) return `${path}.(a member's name)`;
        pending.push({ value: member, path: path === '' ? name : `${path}.${name}` });
      }
    }
  }
  return undefined;
}

function holdsCredential(text: string, credentials: readonly string[]): boolean {
  if (text.length < MIN_LENGTH) return false;
  return credentials.some((credential) => text.includes(credential)) || holdsCompactJose(text) || isJoseText(text);
}

/** Linear in the text: every run of base64url parts joined by dots is looked at once. */
function holdsCompactJose(text: string): boolean {
  if (!text.includes('.')) return false;
  for (const run of text.split(/[^A-Za-z0-9_.=-]+/)) {
    const parts = run.split('.');
    for (let index = 0; index + 2 < parts.length; index += 1) {
      if (isJoseHeader(withoutPadding(parts[index] ?? ''))) return true;
    }
  }
  return false;
}

/** Lenient parsers take padded parts; and in a query, what stands before the last `=` is the parameter's name. */
function withoutPadding(part: string): string {
  let end = part.length;
  while (end > 0 && part[end - 1] === '=') end -= 1;
  return part.slice(part.lastIndexOf('=', end - 1) + 1, end);
}

function isJoseHeader(part: string): boolean {
  if (part.length < MIN_LENGTH / 2) return false;
  const header = parseObject(Buffer.from(part, 'base64url').toString('utf8'));
  return header !== undefined && typeof header['alg'] === 'string';
}

function isJoseText(text: string): boolean {
  const object = parseObject(text);
  return object !== undefined && isJoseObject(object);
}

function parseObject(text: string): JsonObject | undefined {
  // Most texts are no JSON, and finding that out by an exception is slow.
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The JSON serialisations: a JWS has signatures over a payload, a JWE a ciphertext with a tag or recipients. */
function isJoseObject(object: JsonObject): boolean {
  const has = (name: string): boolean => Object.hasOwn(object, name);
  return (
    (has('payload') && ((has('signature') && has('protected')) || has('signatures'))) || (has('ciphertext') && has('iv') && has('tag'))
  );
}
