import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fetchVerificationKeys, isSignedBy, parseJws, signEs256 } from './cryptography.js';

const TXN_TOKEN = 'urn:ietf:params:oauth:token-type:txn_token';

// The floor: what an exchange costs when node:http and node:crypto do it and nothing is asked, logged, mapped or configured.
// A child process of the benchmark: it sends its port when it listens, and ends when the benchmark does.
const [identityProviderUrl = ''] = process.argv.slice(2);
const keys = await fetchVerificationKeys(identityProviderUrl);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const header = encode({ alg: 'ES256', typ: 'txntoken+jwt', kid: randomUUID() });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => answer(response, exchange(new URLSearchParams(Buffer.concat(chunks).toString()))));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());

function answer(response: ServerResponse, token: string | undefined): void {
  const body = JSON.stringify(
    token === undefined
      ? { error: 'invalid_request' }
      : { access_token: token, issued_token_type: TXN_TOKEN, token_type: 'N_A', expires_in: 60 },
  );
  response
    .writeHead(token === undefined ? 400 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
    })
    .end(body);
}

function exchange(form: URLSearchParams): string | undefined {
  const requester = parseJws(form.get('client_assertion') ?? '');
  const subject = parseJws(form.get('subject_token') ?? '');
  const now = Math.floor(Date.now() / 1000);
  if (!isSignedBy(requester, keys.workloads) || !isSignedBy(subject, keys.identityProvider)) return undefined;
  if (Number(requester.claims['exp']) <= now || Number(subject.claims['exp']) <= now) return undefined;
  const payload = encode({
    iat: now,
    exp: now + 60,
    aud: form.get('audience'),
    txn: randomUUID(),
    sub: subject.claims['sub'],
    scope: form.get('scope'),
    req_wl: requester.claims['sub'],
    tctx: JSON.parse(form.get('request_details') ?? '{}') as unknown,
    rctx: JSON.parse(form.get('request_context') ?? '{}') as unknown,
  });
  const signature = signEs256(Buffer.from(`${header}.${payload}`), privateKey);
  return `${header}.${payload}.${signature.toString('base64url')}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
