import type { Configuration } from '@parsec/config';
import { isJsonObject, isLoopbackHost, ParsecError } from '@parsec/plugin-sdk';
import { Agent, request } from 'undici';
import { printable } from './table.js';

const TIMEOUT = 60_000;
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Calls `/admin` of the server that runs with a configuration on this machine.
 * @param member the member of the answer that holds what is asked for, a list of objects
 * @param marker a member, a text, that each of those objects has
 * @throws ParsecError `PARSEC_ADMIN_FAILED`, in a sentence for whoever sits at the terminal
 */
export async function callAdmin<Shown>(
  { settings, file }: Configuration,
  method: 'GET' | 'POST',
  path: string,
  { member, marker }: { readonly member: string; readonly marker: string & keyof Shown },
): Promise<readonly Shown[]> {
  const { admin, server } = settings;
  if (admin === undefined) throw failure(`${file} has no admin.token, so the server has no /admin`);
  const host = ANY_ADDRESS.get(server.management_host) ?? server.management_host;
  if (!isLoopbackHost(host)) throw failure(`/admin answers over loopback only, and ${host} is not; run this where the server is`);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${server.management_port}/admin/${path}`;
  // Its own agent, so that no proxy of the environment sees the token.
  const agent = new Agent({ maxResponseSize: MAX_BYTES });
  try {
    const { statusCode, body } = await request(url, {
      method,
      headers: { authorization: `Bearer ${admin.token}` },
      dispatcher: agent,
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await body.text().catch(() => '');
    if (statusCode === 200) {
      const shown = readObject(text)[member];
      if (isListOf<Shown>(shown, marker)) return shown;
      throw failure(`what answers at ${url} is not parsec`);
    }
    throw failure(`the server said ${statusCode}: ${printable(readMessage(text) ?? 'nothing more')}`);
  } catch (error) {
    if (error instanceof ParsecError) throw error;
    throw failure(`no server answers at ${url}; is one running with ${file}?`, error);
  } finally {
    await agent.destroy();
  }
}

/** Where a server that listens everywhere can be reached. */
const ANY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

function isListOf<Shown>(shown: unknown, marker: string): shown is readonly Shown[] {
  return Array.isArray(shown) && shown.every((each: unknown) => isJsonObject(each) && typeof each[marker] === 'string');
}

function readMessage(text: string): string | undefined {
  const { message } = readObject(text);
  return typeof message === 'string' ? message : undefined;
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function failure(message: string, cause?: unknown): ParsecError {
  return new ParsecError('PARSEC_ADMIN_FAILED', message, { cause });
}
