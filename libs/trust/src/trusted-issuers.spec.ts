import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock, type JWK, type TrustedIssuer, type TrustStore } from '@parsec/plugin-sdk';
import { RecordingLogger } from '@parsec/plugin-testing';
import { OutgoingClient } from './outgoing.js';
import { TrustedIssuers } from './trusted-issuers.js';

const makeJwk = (): JWK => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kty: 'EC',
  kid: 'k',
});
const jwks = { keys: [makeJwk()] };

function trustedIssuer(name: string, changes: Partial<TrustedIssuer> = {}): TrustedIssuer {
  return {
    name,
    issuer: `https://${name}.example`,
    keys: { jwks },
    acceptAs: ['subject'],
    tokenTypes: ['urn:ietf:params:oauth:token-type:jwt'],
    audiences: ['https://api.example'],
    algorithms: ['ES256'],
    namespace: name,
    scope: { claim: 'scope' },
    claims: { allow: [], deny: [] },
    clockSkew: 0,
    expLeeway: 0,
    maxLifetime: 0,
    allowBound: false,
    allowReuse: false,
    ...changes,
  };
}

/** A store whose issuers a test changes. */
class ChangingStore implements TrustStore {
  #changed = (): void => {};

  constructor(private issuers: readonly TrustedIssuer[]) {}

  trustedIssuers(): readonly TrustedIssuer[] {
    return this.issuers;
  }

  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  change(...issuers: readonly TrustedIssuer[]): void {
    this.issuers = issuers;
    this.#changed();
  }
}

let server: Server;
let fetches: string[];
let logger: RecordingLogger;
let client: OutgoingClient;
let opened: TrustedIssuers | undefined;

beforeEach(async () => {
  [fetches, logger, client, opened] = [[], new RecordingLogger(), new OutgoingClient(), undefined];
  server = createServer(({ url = '' }, response) => {
    fetches.push(url);
    response.end(JSON.stringify(jwks));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await opened?.close();
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});

const remote = (name: string, path = name, changes: Partial<TrustedIssuer> = {}): TrustedIssuer => {
  const jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;
  return trustedIssuer(name, { keys: { jwksUri, allowHttp: false }, ...changes });
};

async function open(stores: Readonly<Record<string, TrustStore>>): Promise<TrustedIssuers> {
  const surroundings = { directory: '.', clock: systemClock, logger, serviceIdentifiers: ['https://tts.example'], client };
  opened = await TrustedIssuers.open(new Map(Object.entries(stores)), surroundings);
  return opened;
}

/** Lets what a change began come to its end. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const logged = (message: string): boolean => logger.lines.some((line) => line.message.startsWith(message));

describe('trusted issuers', () => {
  it('follow what their stores say, all or nothing', async () => {
    const store = new ChangingStore([trustedIssuer('one')]);
    const issuers = await open({ store, other: new ChangingStore([trustedIssuer('two')]) });
    expect(issuers.find('https://one.example')).toBeDefined();
    expect(issuers.find('https://three.example')).toBeUndefined();

    store.change(trustedIssuer('three'));
    await until(() => logged('trusted issuers changed'));
    expect(issuers.find('https://one.example')).toBeUndefined();
    expect(issuers.find('https://two.example')).toBeDefined();
    expect(issuers.find('https://three.example')).toBeDefined();
    expect(logger.lines.at(-1)?.facts).toEqual({ trust_store: 'store', added: ['three'], removed: ['one'], changed: [] });

    store.change(trustedIssuer('four'), trustedIssuer('five', { issuer: 'https://two.example' }));
    await until(() => logged('a change of trusted issuers is refused'));
    expect(issuers.find('https://three.example')).toBeDefined();
    expect(issuers.find('https://four.example')).toBeUndefined();
    expect(issuers.find('https://two.example')?.issuer.name).toBe('two');

    // What was refused holds nothing up.
    store.change(trustedIssuer('four'));
    await until(() => issuers.find('https://four.example') !== undefined);
  });

  it('keep the keys that they have where those are not what changes', async () => {
    const store = new ChangingStore([remote('one'), remote('two')]);
    const issuers = await open({ store });
    await issuers.find('https://one.example')?.keys.candidates('k', 'ES256');
    await issuers.find('https://two.example')?.keys.candidates('k', 'ES256');
    expect(fetches.toSorted()).toEqual(['/one', '/two']);

    store.change(remote('one', 'one', { audiences: ['https://other.example'] }), remote('two', 'moved'));
    await until(() => logged('trusted issuers changed'));
    const one = issuers.find('https://one.example');
    expect(one?.issuer.audiences).toEqual(['https://other.example']);
    expect(await one?.keys.candidates('k', 'ES256')).toHaveLength(1);
    await issuers.find('https://two.example')?.keys.candidates('k', 'ES256');
    expect(fetches.toSorted()).toEqual(['/moved', '/one', '/two']);
  });

  it('begin without keys where a name now stands for another issuer', async () => {
    const store = new ChangingStore([remote('one')]);
    const issuers = await open({ store });
    await issuers.find('https://one.example')?.keys.candidates('k', 'ES256');
    store.change(remote('one', 'one', { issuer: 'https://another.example' }));
    await until(() => logged('trusted issuers changed'));
    await issuers.find('https://another.example')?.keys.candidates('k', 'ES256');
    expect(fetches).toEqual(['/one', '/one']);
  });

  it('are not two who would be asked about the same opaque token', async () => {
    const introspection = {
      endpoint: 'https://idp.example/introspect',
      allowHttp: false,
      clientId: 'parsec',
      clientSecret: 'secret',
      method: 'client_secret_basic' as const,
      remember: 0,
    };
    const asking = (name: string, requesters: readonly string[]): TrustedIssuer =>
      trustedIssuer(name, { keys: { introspection: { ...introspection, requesters } } });
    const store = new ChangingStore([asking('one', ['*']), asking('two', ['a', '*'])]);
    await expect(open({ store })).rejects.toThrow('"one" is asked about the same tokens already');
    await open({ store: new ChangingStore([asking('one', ['b']), asking('two', ['a'])]) });
  });

  it('change no more once they are closed', async () => {
    const store = new ChangingStore([trustedIssuer('one')]);
    const issuers = await open({ store });
    await issuers.close();
    await issuers.close();
    store.change(remote('two'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(fetches).toEqual([]);
    expect(logger.lines).toEqual([]);
  });
});
