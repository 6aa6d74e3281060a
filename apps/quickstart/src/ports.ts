import { createServer, type AddressInfo } from 'node:net';

/** Whether something already listens on this port of 127.0.0.1. */
export async function isBusy(port: number): Promise<boolean> {
  return (await takePort(port)) === undefined;
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const port = await takePort(0);
  if (port === undefined) throw new Error('no port is free on 127.0.0.1');
  return port;
}

/** Takes a port and lets it go again. */
function takePort(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const taken = (server.address() as AddressInfo).port;
      server.close(() => resolve(taken));
    });
  });
}
