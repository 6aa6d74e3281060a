import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { UnavailableError } from '@parsec/plugin-sdk';
import { startStream, streamStdio, type Method } from './protocol.js';
import { refusal } from './refusal.js';

/** Bytes of an answer: thousands of keys. */
const MAX_ANSWER = 4 * 1024 * 1024;
/** Characters of what a plugin says about a failure. */
const MAX_DETAIL = 300;

const OPTIONS = {
  'grpc.default_authority': 'localhost',
  'grpc.max_receive_message_length': MAX_ANSWER,
  // A call that changes something must not be made twice.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_channelz': 0,
  'grpc.use_local_subchannel_pool': 1,
  // The environment's proxy is for the network; these calls stay on this machine.
  'grpc.enable_http_proxy': 0,
};

/** What the caller can do nothing about by calling again. */
const LASTING: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.DATA_LOSS,
  status.UNAUTHENTICATED,
]);

/** The gRPC connection to one running plugin. Whoever opens it closes it. */
export class PluginConnection {
  readonly #client: Client;
  readonly #cancels = new Set<() => void>();
  readonly #hide: (text: string) => string;
  #closed = false;

  /** @param hide takes out of what the plugin says what nobody may read */
  constructor(target: string, hide: (text: string) => string) {
    this.#client = new Client(target, credentials.createInsecure(), OPTIONS);
    this.#hide = hide;
  }

  /**
   * Makes a call, which ends with `signal`, with its reason.
   * @throws UnavailableError where a later call may do better; ParsecError `PARSEC_KEY_INVALID`, with gRPC's word for the failure as
   * its reason, where it may not, or the answer is malformed
   */
  call<Request, Response>(method: Method<Request, Response>, request: Request, signal: AbortSignal): Promise<Response> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (this.#closed) throw new UnavailableError('the plugin has ended');
      // Answers are read by ourselves: a malformed one is another failure than any that gRPC would tell.
      const asItIs = (bytes: Buffer): Buffer => bytes;
      const call = this.#client.makeUnaryRequest(method.path, method.requestSerialize, asItIs, request, (failure, answer) => {
        signal.removeEventListener('abort', cancel);
        this.#cancels.delete(cancel);
        try {
          signal.throwIfAborted();
          if (failure !== null) throw this.#errorOf(method.path, failure);
          resolve(read(method, answer ?? Buffer.alloc(0)));
        } catch (error) {
          reject(error as Error);
        }
      });
      const cancel = (): void => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      this.#cancels.add(cancel);
    });
  }

  /**
   * Takes what the plugin writes to its outputs, which would hold it up if nobody did; and the requests for connections between the two,
   * which only plugins that use services of SPIRE's need.
   */
  drain(take: (channel: number, data: Buffer) => void): void {
    const output = this.#client.makeServerStreamRequest(
      streamStdio.path,
      streamStdio.requestSerialize,
      streamStdio.responseDeserialize,
      {},
    );
    output.on('data', ({ channel, data }: { channel: number; data: Buffer }) => take(channel, data));
    // Its end is the plugin's, which is seen elsewhere.
    output.on('error', () => {});
    const broker = this.#client.makeBidiStreamRequest(startStream.path, startStream.requestSerialize, startStream.responseDeserialize);
    broker.on('data', () => {});
    broker.on('error', () => {});
    this.#cancels.add(() => output.cancel()).add(() => broker.cancel());
  }

  /** Ends every call that pends. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#client.close();
  }

  #errorOf(path: string, { code, details }: ServiceError): Error {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (this.#closed) return new UnavailableError(`${name}: the plugin has ended`);
    const reason = (status[code] ?? 'UNKNOWN').toLowerCase();
    const message = `${name}: ${reason}: ${this.#hide(details)
      .replace(/\p{Cc}+/gu, ' ')
      .slice(0, MAX_DETAIL)}`;
    return LASTING.has(code) ? refusal(message, reason) : new UnavailableError(message);
  }
}

function read<Response>({ path, responseDeserialize }: Method<never, Response>, bytes: Buffer): Response {
  try {
    return responseDeserialize(bytes);
  } catch {
    throw refusal(`${path.slice(path.lastIndexOf('/') + 1)}: the plugin's answer is malformed`);
  }
}
