import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections: none of those can take one between choosing and listening. */
const CHOICE = { from: 10_000, to: 30_000 } as const;

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const port = randomInt(CHOICE.from, CHOICE.to);
  return (await isBusy(port)) ? freePort() : port;
}

/** Whether something already listens on this port of 127.0.0.1. */
export function isBusy(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(true));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)));
  });
}
