import { isJsonObject, UnavailableError, type Clock } from '@parsec/plugin-sdk';
import type { OutgoingClient } from './outgoing.js';

/** Where the JWK Set of an issuer is. */
export interface KeyLocation {
  /** @throws UnavailableError where that cannot be found out now */
  find(signal: AbortSignal): Promise<string>;
  /** Notes that nothing good was there. */
  doubt(): void;
}

/** A URL that the operator wrote. */
export function fixedLocation(url: string): KeyLocation {
  return { find: () => Promise.resolve(url), doubt: () => {} };
}

const METADATA_LIMITS = { timeout: 4_000, maxBytes: 256 * 1024 };
/** Milliseconds for which a `jwks_uri` is believed. */
const BELIEVED = 60 * 60_000;

/** Whose metadata is looked up, and what is believed of it. */
export interface DiscoveryOptions {
  /** The exact `iss`, which is a URL. */
  readonly issuer: string;
  /** Hosts beside that of the issuer where its keys may be. */
  readonly allowHosts: readonly string[];
  readonly allowHttp: boolean;
  readonly client: OutgoingClient;
  readonly clock: Clock;
}

/** The `jwks_uri` that an issuer's metadata names (OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3). */
export class DiscoveredLocation implements KeyLocation {
  #found: { readonly url: string; readonly at: number } | undefined;

  constructor(private readonly options: DiscoveryOptions) {}

  async find(signal: AbortSignal): Promise<string> {
    const { clock } = this.options;
    if (this.#found === undefined || clock.monotonic() - this.#found.at >= BELIEVED) {
      this.#found = { url: this.#check(await this.#fetch(signal)), at: clock.monotonic() };
    }
    return this.#found.url;
  }

  doubt(): void {
    this.#found = undefined;
  }

  /** OpenID providers have the one document, authorization servers the other; many have both. */
  async #fetch(signal: AbortSignal): Promise<unknown> {
    const { issuer, client, allowHttp } = this.options;
    const [first, second] = metadataUrls(issuer);
    const fetch = async (url: string): Promise<unknown> =>
      (await client.fetchJson(url, { ...METADATA_LIMITS, allowHttp }, signal)).document;
    try {
      return await fetch(first);
    } catch (error) {
      // What counts is why the first one failed, unless there just is none.
      return fetch(second).catch(() => {
        throw error;
      });
    }
  }

  #check(metadata: unknown): string {
    const { issuer, allowHosts } = this.options;
    if (!isJsonObject(metadata)) throw new UnavailableError('is not known: its metadata is not a JSON object');
    if (metadata['issuer'] !== issuer) throw new UnavailableError('is not known: its metadata names another issuer');
    const uri = metadata['jwks_uri'];
    if (typeof uri !== 'string' || !URL.canParse(uri)) throw new UnavailableError('is not known: its metadata has no jwks_uri');
    const { host, hostname, username, password } = new URL(uri);
    if (username !== '' || password !== '') throw new UnavailableError('is not known: its metadata has a jwks_uri with a credential');
    // The operator wrote the issuer's host with its port, and no other.
    if (host !== new URL(issuer).host && !allowHosts.includes(hostname)) {
      throw new UnavailableError("is at a host that is neither the issuer's nor among its allow_hosts");
    }
    return uri;
  }
}

function metadataUrls(issuer: string): readonly [string, string] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [`${origin}${path}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`];
}
