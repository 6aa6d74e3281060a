import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Fault, FaultPlan } from './fault-plan.fixture.js';
import { KmsStore, Refused, type KmsInput } from './kms-store.fixture.js';

/** One request as it came in, also where a fault met it. */
export interface ReceivedCall {
  readonly operation: string;
  readonly input: KmsInput;
}

/** The KMS JSON API on a loopback port, with real keys, and faults as planned. */
export class KmsServer {
  readonly store = new KmsStore();
  readonly calls: ReceivedCall[] = [];
  plan: FaultPlan = () => undefined;
  /** Called where a request hangs from now on. */
  onHang = (): void => {};
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<KmsServer> {
    const kms = new KmsServer();
    kms.#server.listen(0, '127.0.0.1');
    await once(kms.#server, 'listening');
    return kms;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often an operation was asked for. */
  count(operation: string): number {
    return this.calls.filter((call) => call.operation === operation).length;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target']).replace('TrentService.', '');
    const input = JSON.parse(await text(request)) as KmsInput;
    this.calls.push({ operation, input });
    const fault = this.plan(operation, this.count(operation));
    if (fault === undefined) return this.#answer(operation, input, response);
    return this.#fail(fault, operation, input, request, response);
  }

  #answer(operation: string, input: KmsInput, response: ServerResponse): void {
    try {
      send(response, 200, this.store.answer(operation, input));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      send(response, 400, { __type: error.message, message: 'refused' });
    }
  }

  #fail(fault: Fault, operation: string, input: KmsInput, request: IncomingMessage, response: ServerResponse): void {
    if (fault === 'hang') return this.onHang();
    if (fault === 'done_and_reset') this.store.answer(operation, input);
    if (typeof fault === 'string') {
      request.socket.resetAndDestroy();
      return undefined;
    }
    // KMS, too, repeats what was signed, and with it the session token.
    const message = fault.message ?? JSON.stringify(request.headers);
    return send(response, fault.status, { __type: fault.type, message });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'request-1' }).end(JSON.stringify(body));
}
