import { parseJsonObject, type JsonObject } from '@parsec/plugin-sdk';

/** A JWS in compact form (RFC 7515 section 7.1), taken apart but not verified. */
export interface UnverifiedJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** `BASE64URL(header) . BASE64URL(payload)`: what the signature is over, and so what identifies the token. */
  readonly signingInput: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes a compact JWS with a JSON payload apart.
 * Base64url must be strict: no padding, no foreign character, no stray bits at the end (RFC 7515 section 2).
 * @returns `undefined` for anything else
 */
export function parseCompactJws(token: string, maxJsonDepth: number): UnverifiedJws | undefined {
  const parts = token.split('.', 4);
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) return undefined;
  if (decodeStrict(signature) === undefined) return undefined;
  const headerObject = decodeObject(header, maxJsonDepth);
  const payloadObject = decodeObject(payload, maxJsonDepth);
  if (headerObject === undefined || payloadObject === undefined) return undefined;
  return { header: headerObject, payload: payloadObject, signingInput: token.slice(0, token.length - signature.length - 1) };
}

function decodeObject(part: string, maxJsonDepth: number): JsonObject | undefined {
  const bytes = decodeStrict(part);
  if (bytes === undefined) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  return parseJsonObject(text, { maxDepth: maxJsonDepth }).object;
}

function decodeStrict(part: string): Buffer | undefined {
  if (part === '') return undefined;
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}
