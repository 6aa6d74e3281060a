import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** A wire to a server on 127.0.0.1 that can be cut and mended. */
export class SeverableProxy {
  readonly #ends = new Set<Socket>();
  #isSevered = false;

  private constructor(
    private readonly server: Server,
    target: number,
  ) {
    server.on('connection', (near) => {
      if (this.#isSevered) {
        near.destroy();
        return;
      }
      const far = connect(target, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#ends.add(one);
        one.pipe(other);
        one.once('error', () => other.destroy());
        one.once('close', () => {
          this.#ends.delete(one);
          other.destroy();
        });
      }
    });
  }

  /** @param target port of 127.0.0.1 */
  static async open(target: number): Promise<SeverableProxy> {
    const server = createServer();
    const proxy = new SeverableProxy(server, target);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends every connection, and each new one at once. */
  sever(): void {
    this.#isSevered = true;
    for (const end of this.#ends) end.destroy();
  }

  mend(): void {
    this.#isSevered = false;
  }

  async close(): Promise<void> {
    this.sever();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
