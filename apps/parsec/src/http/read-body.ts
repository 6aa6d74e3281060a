import type { IncomingMessage } from 'node:http';
import { ParsecError } from '@parsec/plugin-sdk';
import getRawBody from 'raw-body';

/**
 * Reads a request's body, and stops as soon as it is larger than allowed, whether it says so or not.
 * @param limit in bytes
 * @throws ParsecError `PARSEC_REQUEST_TOO_LARGE`, `PARSEC_REQUEST_MEDIA_TYPE_UNSUPPORTED` where it is compressed, or
 *   `PARSEC_REQUEST_MALFORMED` where it ends early
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const {
    'content-encoding': encoding = 'identity',
    'transfer-encoding': transfer = 'chunked',
    'content-length': length,
  } = request.headers;
  if (encoding !== 'identity' || transfer !== 'chunked') {
    throw new ParsecError('PARSEC_REQUEST_MEDIA_TYPE_UNSUPPORTED', 'the body is encoded or compressed');
  }
  try {
    return await getRawBody(request, { limit, length: length ?? null });
  } catch (error) {
    if ((error as { status?: unknown }).status === 413)
      throw new ParsecError('PARSEC_REQUEST_TOO_LARGE', 'the body is larger than allowed');
    throw new ParsecError('PARSEC_REQUEST_MALFORMED', 'the body could not be read', { reason: 'body_unreadable', cause: error });
  }
}
