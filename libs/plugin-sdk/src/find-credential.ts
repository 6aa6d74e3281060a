import { findCompactJose, readObject, type CompactJose } from './compact-jose.js';
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
  return credentials.some((credential) => text.includes(credential)) || findCompactJose(text).some(isWhole(text)) || isJoseText(text);
}

/** A JWS has two dots or more; with one, it is something else or cut short beyond use. */
function isWhole(text: string): (found: CompactJose) => boolean {
  return ({ start, end }) => text.slice(start, end).split('.', 3).length === 3;
}

function isJoseText(text: string): boolean {
  const object = readObject(text);
  return object !== undefined && isJoseObject(object);
}

/** The JSON serialisations, general and flattened (RFC 7515 and RFC 7516, section 7.2). */
function isJoseObject(object: JsonObject): boolean {
  const has = (...names: readonly string[]): boolean => names.some((name) => Object.hasOwn(object, name));
  const isJws = has('payload') && (has('signatures') || (has('signature') && has('protected', 'header')));
  const isJwe = has('ciphertext') && has('recipients', 'protected', 'unprotected', 'header', 'encrypted_key', 'tag');
  return isJws || isJwe;
}
