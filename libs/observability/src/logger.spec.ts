import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createLogger, instanceLogger } from './index.js';

const encode = (text: string): string => Buffer.from(text).toString('base64url');
const tokens = [
  `${encode('{"alg":"ES256"}')}.${encode('{"sub":"a"}')}.c2lnbmF0dXJl`,
  `${encode(' { "alg" : "none" }')}.e30.`,
  `${encode('{\n"alg":"dir"}')}..aXY.Y2lwaGVy.dGFn`,
  `${encode('{"alg":"RS256"}')}.${encode('{"sub":"cut sho')}`,
];

function record(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const chunks: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  write(createLogger('debug', destination));
  return chunks.join('');
}

describe('the log', () => {
  it.each(tokens)('holds no part of a token, wherever it stands: %#', (token) => {
    const text = record((logger) => {
      logger.info({ header: `Bearer ${token}`, deep: [{ [token]: 1 }], url: `https://x.example/?t=${token}&u=1` }, `got ${token}`);
      logger.error({ err: new Error(`cannot read ${token}`) });
      instanceLogger(logger, 'data_source', 'roles').debug(token, { token });
    });
    const header = token.split('.', 1)[0] ?? '';
    expect(text).not.toContain(header);
    for (const part of token.split('.').filter((one) => one.length > 3)) expect(text).not.toContain(part);
    expect(text.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(7);
    for (const line of text.trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('leaves everything else as it is', () => {
    const facts = {
      host: 'apigateway.trust-domain.example',
      hash: 'eyJ8z6ckSzRApDwSkWKQFjBDHilwZKNeVa9GstXV9EK',
      version: '1.2.3',
      path: '/a.b.c/d',
    };
    expect(JSON.parse(record((logger) => logger.info(facts, 'a message. With dots. And more.')))).toMatchObject(facts);
  });

  it('names the instance that speaks', () => {
    const text = record((logger) => instanceLogger(logger, 'data_source', 'roles').warn('slow', { after_ms: 7 }));
    expect(JSON.parse(text)).toMatchObject({ level: 'warn', instance_kind: 'data_source', instance: 'roles', after_ms: 7, msg: 'slow' });
  });
});
