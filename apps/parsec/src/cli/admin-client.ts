import type { Configuration } from '@parsec/config';
import { isLoopbackHost, ParsecError } from '@parsec/plugin-sdk';
import { printable } from './table.js';

const TIMEOUT = 60_000;

/**
 * Calls `/admin` of the server that runs with a configuration on this machine.
 * @throws ParsecError `PARSEC_ADMIN_FAILED`, in a sentence for whoever sits at the terminal
 */
export async function callAdmin<Answer>({ settings, file }: Configuration, method: 'GET' | 'POST', path: string): Promise<Answer> {
  const { admin, server } = settings;
  if (admin === undefined) throw failure(`${file} has no admin.token, so the server has no /admin`);
  const host = ANY_ADDRESS.get(server.management_host) ?? server.management_host;
  if (!isLoopbackHost(host)) throw failure(`/admin answers over loopback only, and ${host} is not; run this where the server is`);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${server.management_port}/admin/${path}`;
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${admin.token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT),
    });
  } catch (error) {
    throw failure(`no server answers at ${url}; is one running with ${file}?`, error);
  }
  const answer = (await response.json().catch(() => ({}))) as Answer & { readonly message?: string };
  if (!response.ok) throw failure(`the server said ${response.status}: ${printable(String(answer.message ?? 'nothing more'))}`);
  return answer;
}

/** Where a server that listens everywhere can be reached. */
const ANY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

function failure(message: string, cause?: unknown): ParsecError {
  return new ParsecError('PARSEC_ADMIN_FAILED', message, { cause });
}
