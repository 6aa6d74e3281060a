import { createHash } from 'node:crypto';
import { isJsonObject, UnavailableError, type Clock, type Health, type IntrospectionSource, type JsonObject } from '@parsec/plugin-sdk';
import { LRUCache } from 'lru-cache';
import type { IssuerKeys } from './issuer-keys.js';
import type { OutgoingClient } from './outgoing.js';

const LIMITS = { timeout: 3_000, maxBytes: 64 * 1024 };
/** Answers that are kept at most. */
const MAX_ANSWERS = 10_000;

/** Whom to ask, and how. */
export interface IntrospectionOptions {
  readonly source: IntrospectionSource;
  readonly client: OutgoingClient;
  readonly clock: Clock;
}

/** An issuer that is asked about its tokens (RFC 7662), because nobody else can read them. It has no keys, so nothing that is signed verifies. */
export class Introspection implements IssuerKeys {
  readonly #answers: LRUCache<string, { readonly claims: JsonObject | undefined; readonly until: number }>;
  /** Questions that are under way, so that each token is asked about once at a time. */
  readonly #asked = new Map<string, Promise<JsonObject | undefined>>();
  readonly #abort = new AbortController();
  #failure: string | undefined;

  constructor(private readonly options: IntrospectionOptions) {
    this.#answers = new LRUCache({ max: MAX_ANSWERS });
  }

  /**
   * Asks about a token, or remembers what was said a moment ago.
   * @returns what the issuer says of it; `undefined` where it is not active
   * @throws UnavailableError where the issuer cannot be asked
   */
  async ask(token: string, tokenType: string): Promise<JsonObject | undefined> {
    const { clock } = this.options;
    // The token itself is not kept.
    const key = createHash('sha256').update(`${tokenType}\n${token}`).digest('base64url');
    const known = this.#answers.get(key);
    if (known !== undefined && clock.monotonic() < known.until) return known.claims;
    const asked = this.#asked.get(key) ?? this.#askNow(key, token).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  candidates(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  health(): Health {
    return this.#failure === undefined ? { status: 'up' } : { status: 'down', detail: `its introspection endpoint ${this.#failure}` };
  }

  get state(): undefined {
    return undefined;
  }

  close(): void {
    this.#abort.abort();
  }

  async #askNow(key: string, token: string): Promise<JsonObject | undefined> {
    const { source, client, clock } = this.options;
    const begun = clock.monotonic();
    try {
      const { document } = await client.fetchJson(
        source.endpoint,
        { ...LIMITS, allowHttp: source.allowHttp, post: questionAbout(token, source) },
        this.#abort.signal,
      );
      if (!isJsonObject(document) || typeof document['active'] !== 'boolean')
        throw new UnavailableError('did not say whether a token is active');
      this.#failure = undefined;
      const { active, ...claims } = document;
      const answer = active === true ? claims : undefined;
      // Counted from the question: what was true then is what is remembered.
      if (source.remember > 0) this.#answers.set(key, { claims: answer, until: begun + source.remember });
      return answer;
    } catch (error) {
      this.#failure = (error as Error).message;
      throw new UnavailableError('an introspection endpoint cannot be asked', { cause: error });
    }
  }
}

function questionAbout(
  token: string,
  { clientId, clientSecret, method }: IntrospectionSource,
): { readonly form: URLSearchParams; readonly authorization?: string } {
  const form = new URLSearchParams({ token, token_type_hint: 'access_token' });
  if (method === 'client_secret_post') {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
    return { form };
  }
  // Both are form-encoded first (RFC 6749 section 2.3.1).
  const [id, secret] = [clientId, clientSecret].map((text) => new URLSearchParams({ '': text }).toString().slice(1));
  return { form, authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}
