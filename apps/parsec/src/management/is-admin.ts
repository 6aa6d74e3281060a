import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopbackHost } from '@parsec/plugin-sdk';
import type { Request } from 'express';

/** Whether a request may see what only administrators see: the configured bearer token, over loopback. Without a token nobody may. */
export function isAdmin(request: Request, token: string | undefined): boolean {
  const given = /^Bearer ([\x21-\x7e]+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined || given === undefined) return false;
  const local = (request.socket.localAddress ?? '').replace(/^::ffff:(?=\d)/, '');
  // Hashes have one length, so that comparing takes the same time for every guess.
  return isLoopbackHost(local) && timingSafeEqual(hash(given), hash(token));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
