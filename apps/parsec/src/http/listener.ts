import { createServer, type Server, type ServerResponse } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/** Limits of one listener; times in milliseconds. */
export interface ListenerLimits {
  /** Bytes of the header section. */
  readonly headers: number;
  readonly headerTimeout: number;
  readonly requestTimeout: number;
  readonly keepAlive: number;
  /** How long requests in flight may take to finish when the listener closes. */
  readonly drain: number;
}

/** Express under Nest, with a server whose limits are set before the first connection and that closes without cutting answers off. */
export class Listener extends ExpressAdapter {
  readonly #inFlight = new Set<ServerResponse>();
  #closing = false;

  constructor(private readonly limits: ListenerLimits) {
    super();
    this.set('x-powered-by', false);
    this.set('etag', false);
    this.set('query parser', false);
    this.set('case sensitive routing', true);
    this.set('strict routing', true);
  }

  override initHttpServer(): void {
    const { headers, headerTimeout, requestTimeout, keepAlive } = this.limits;
    const server: Server = createServer(
      {
        maxHeaderSize: headers,
        headersTimeout: headerTimeout,
        requestTimeout,
        keepAliveTimeout: keepAlive,
        // Node looks for late requests this often; its own 30 s would stretch every limit by as much.
        connectionsCheckingInterval: 1_000,
      },
      (request, response) => {
        this.#track(response);
        this.getInstance<(req: unknown, res: unknown) => void>()(request, response);
      },
    );
    this.httpServer = server;
  }

  /** Stops accepting, tells kept-alive connections to close, waits for what is in flight, and cuts off what is left after the drain limit. */
  override async close(): Promise<void> {
    const server = this.httpServer as Server;
    if (!server.listening) return;
    this.#closing = true;
    for (const response of this.#inFlight) response.shouldKeepAlive = false;
    const closed = new Promise((resolve) => server.close(resolve));
    const deadline = setTimeout(() => server.closeAllConnections(), this.limits.drain);
    await closed;
    clearTimeout(deadline);
  }

  #track(response: ServerResponse): void {
    if (this.#closing) response.shouldKeepAlive = false;
    this.#inFlight.add(response);
    response.once('close', () => this.#inFlight.delete(response));
  }
}
