import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { freePort } from '@parsec/quickstart';
import { Lab } from '../support/lab.js';
import { makeDirectory, PARSEC, startParsec, type ParsecServer } from '../support/parsec-server.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Sends the head and the first half of a request, so that it is in flight. */
async function beginRequest(parsec: ParsecServer, form: string): Promise<{ request: ClientRequest; answer: Promise<IncomingMessage> }> {
  const request = httpRequest(`${parsec.url}/v1/token`, { method: 'POST', headers: { ...FORM, 'content-length': form.length } });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
  });
  await new Promise<void>((resolve) => request.write(form.slice(0, 100), () => resolve()));
  // Connections are taken in order: once this one is answered, the other is there too. It stays behind, idle and kept alive.
  expect((await fetch(`${parsec.url}/v1/jwks.json`)).status).toBe(200);
  return { request, answer };
}

describe('shutdown', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('on %s finishes what is in flight, takes nothing new, and exits with 0', async (signal) => {
    const lab = await Lab.open();
    const parsec = await startParsec((url) => lab.configuration(url));
    const form = (await lab.form(parsec.url)).toString();
    const { request, answer } = await beginRequest(parsec, form);

    const stopped = parsec.stop(signal);
    await parsec.logged(({ msg }) => msg === 'parsec is stopping');
    expect((await fetch(`${parsec.managementUrl}/health/ready`)).status).toBe(503);
    expect((await fetch(`${parsec.managementUrl}/health/live`)).status).toBe(200);
    await expect(fetch(`${parsec.url}/v1/jwks.json`)).rejects.toThrow();

    request.end(form.slice(100));
    const { statusCode, headers } = await answer;
    expect([statusCode, headers.connection]).toEqual([200, 'close']);
    expect(await stopped).toBe(0);
    expect(parsec.log.at(-1)?.msg).toBe('parsec has stopped');
  });

  it('cuts off what is not finished within the drain limit', async () => {
    const lab = await Lab.open();
    const parsec = await startParsec((url) => ({ ...lab.configuration(url), server: { issuer: url, limits: { drain: '1s' } } }));
    const { answer } = await beginRequest(parsec, (await lab.form(parsec.url)).toString());
    const [code, cutOff] = await Promise.allSettled([parsec.stop(), answer]);
    expect(code).toEqual({ status: 'fulfilled', value: 0 });
    expect(cutOff.status).toBe('rejected');
  });

  it('is not needed to be rid of callers that send no request', async () => {
    const lab = await Lab.open();
    const parsec = await startParsec((url) => ({
      ...lab.configuration(url),
      server: { issuer: url, limits: { header_timeout: '1s', request_timeout: '1s' } },
    }));
    const answer = await new Promise<string>((resolve) => {
      const chunks: Buffer[] = [];
      const socket = connect(Number(new URL(parsec.url).port), '127.0.0.1', () => socket.write('POST /v1/token HTTP/1.1\r\nhost: x\r\n'));
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(await parsec.stop()).toBe(0);
  });
});

describe('the log', () => {
  it('has the line of every token that anybody has, however parsec ends', async () => {
    const lab = await Lab.open();
    const { directory, remove } = await makeDirectory();
    const parsec = await startParsec((url) => lab.configuration(url), directory);
    const answers = await Promise.all(Array.from({ length: 40 }, async () => parsec.post(await lab.form(parsec.url))));
    const tokens = answers.map(({ body }) => createHash('sha256').update(String(body['access_token'])).digest('base64url'));
    await parsec.stop('SIGKILL');
    expect(parsec.log.flatMap(({ token_hash: hash }) => hash ?? []).toSorted()).toEqual(tokens.toSorted());
    await remove();
  });

  it('that cannot be written ends parsec with a sentence', async () => {
    const lab = await Lab.open();
    const { directory, remove } = await makeDirectory();
    const file = join(directory, 'parsec.yaml');
    await writeFile(file, JSON.stringify(lab.configuration('http://127.0.0.1:8080')));
    const full = await open('/dev/full', 'w');
    const ports = ['http_port', 'management_port'].map(async (port) => ['--set', `server.${port}=${await freePort()}`]);
    const child = spawn(process.execPath, [PARSEC, 'serve', '-c', file, ...(await Promise.all(ports)).flat()], {
      stdio: ['ignore', full.fd, 'pipe'],
    });
    const stderr: string[] = [];
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    await full.close();
    await remove();
    expect([code, stderr.join('')]).toEqual([1, 'parsec ends: its log cannot be written (ENOSPC)\n']);
  });
});
