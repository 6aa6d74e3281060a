import { Agent, request } from 'node:http';
import type { Lab } from './lab.js';

/** Between two looks at what is due, milliseconds. */
const TICK = 10;
/** How long an answer may take, milliseconds. */
const PATIENCE = 10_000;
/** How old the access token may become that all requests share, milliseconds. */
const SUBJECT_LIFETIME = 60_000;

/** What is asked, how often, and whom. */
export interface LoadSettings {
  readonly lab: Lab;
  /** `server.issuer`, the same for all replicas. */
  readonly audience: string;
  readonly perSecond: number;
  /** The base URL of the replica that is to have the next request; `undefined` while there is none. */
  readonly target: () => string | undefined;
  /** Takes every token, and the base URL it came from. */
  readonly onToken: (token: string, url: string) => Promise<void>;
}

/** Exchanges at a constant rate, over connections that are kept, whose answers nobody waits for before the next one. Each has an assertion of its own. */
export class Load {
  requests = 0;
  /** Answers other than a token, by status and error. */
  readonly errors = new Map<string, number>();
  /** Requests without an answer, by the code of the failure. */
  readonly unanswered = new Map<string, number>();
  readonly #settings: LoadSettings;
  readonly #agent = new Agent({ keepAlive: true });
  /** Bodies that were signed ahead. */
  readonly #bodies: string[] = [];
  #subjectToken = { text: '', from: Number.NEGATIVE_INFINITY };
  #preparing: Promise<void> | undefined;
  readonly #pending = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #debt = 0;
  #lastTick = performance.now();

  constructor(settings: LoadSettings) {
    this.#settings = settings;
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** Waits for every answer that is still to come. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.settle();
    await this.#preparing;
    this.#agent.destroy();
  }

  #tick(): void {
    const { perSecond, target } = this.#settings;
    const now = performance.now();
    // Never more than a second's worth: after a pause the rate is to be what it was.
    this.#debt = Math.min(this.#debt + ((now - this.#lastTick) * perSecond) / 1_000, perSecond);
    this.#lastTick = now;
    if (this.#bodies.length < 2 * perSecond) this.#preparing ??= this.#prepare().finally(() => (this.#preparing = undefined));
    for (; this.#debt >= 1; this.#debt -= 1) {
      const url = target();
      const body = url === undefined ? undefined : this.#bodies.shift();
      if (url === undefined || body === undefined) return;
      const exchange = this.#exchange(url, body).finally(() => this.#pending.delete(exchange));
      this.#pending.add(exchange);
    }
  }

  async #prepare(): Promise<void> {
    const { lab, audience, perSecond } = this.#settings;
    if (performance.now() - this.#subjectToken.from > SUBJECT_LIFETIME) {
      this.#subjectToken = { text: await lab.subjectToken(), from: performance.now() };
    }
    const batch = Array.from({ length: Math.ceil(perSecond / 2) }, () => lab.form(audience, { subject_token: this.#subjectToken.text }));
    this.#bodies.push(...(await Promise.all(batch)).map(String));
  }

  async #exchange(url: string, body: string): Promise<void> {
    this.requests += 1;
    try {
      const { status, text } = await this.#post(`${url}/v1/token`, body);
      const answer = JSON.parse(text) as { readonly access_token?: string; readonly error?: string };
      if (status === 200 && answer.access_token !== undefined) await this.#settings.onToken(answer.access_token, url);
      else count(this.errors, `${status} ${answer.error}`);
    } catch (error) {
      count(this.unanswered, (error as NodeJS.ErrnoException).code ?? String(error));
    }
  }

  #post(url: string, body: string): Promise<{ status: number; text: string }> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent: this.#agent, headers, signal: AbortSignal.timeout(PATIENCE) }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }
}

function count(counts: Map<string, number>, kind: string): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}
