import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/** Limits of one listener; times in milliseconds. */
export interface ListenerLimits {
  /** Bytes of the header section. */
  readonly headers: number;
  /** Bytes of a body that is announced and waits for leave to be sent. */
  readonly body: number;
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
    // Without this, Express answers its own errors with their stack.
    this.set('env', 'production');
    this.set('x-powered-by', false);
    this.set('etag', false);
    this.set('query parser', false);
    this.set('case sensitive routing', true);
    this.set('strict routing', true);
  }

  override initHttpServer(): void {
    const { body, headers, headerTimeout, requestTimeout, keepAlive } = this.limits;
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#track(response);
      this.getInstance<RequestListener>()(request, response);
    };
    const server: Server = createServer(
      {
        maxHeaderSize: headers,
        headersTimeout: headerTimeout,
        requestTimeout,
        keepAliveTimeout: keepAlive,
        // Node looks for late requests this often; its own 30 s would stretch every limit by as much.
        connectionsCheckingInterval: 1_000,
      },
      serve,
    );
    server.on('checkContinue', (request, response) => {
      // Whoever asks before sending too much is told before.
      if (!(Number(request.headers['content-length']) > body)) response.writeContinue();
      serve(request, response);
    });
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
