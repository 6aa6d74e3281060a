import { randomBytes, type JsonWebKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  SIGNING_ALGORITHMS,
  UnavailableError,
  type CallContext,
  type JWK,
  type ManagedKey,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { FakeClock, FakeKeyManager, RecordingLogger } from '@parsec/plugin-testing';
import { calculateJwkThumbprint, compactVerify, createLocalJWKSet } from 'jose';
import { Signer } from './index.js';

const { signal } = new AbortController();
const context: CallContext = { signal };
const claims = { sub: 'corp:alice', txn: '7' };

let clock: FakeClock;
let logger: RecordingLogger;
let keyManager: FakeKeyManager;
let opened: Signer[];

beforeEach(() => {
  clock = new FakeClock();
  logger = new RecordingLogger();
  keyManager = new FakeKeyManager();
  opened = [];
});

afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(opened.map((signer) => signer.close()));
});

async function open({ algorithm = 'ES256' as SigningAlgorithm, manager = keyManager } = {}): Promise<Signer> {
  const signer = await Signer.open({ name: 'main', algorithm, keyManager: manager, clock, logger });
  opened.push(signer);
  return signer;
}

/** Lets promises and the thread pool go on until something holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const verifyWith = (keys: readonly JWK[], token: string) =>
  compactVerify(token, createLocalJWKSet({ keys: keys.map((key) => ({ ...key }) as JsonWebKey & { kty: string }) }));

class BrokenKeyManager extends FakeKeyManager {
  constructor(readonly breakSignature: (signature: Uint8Array) => Uint8Array) {
    super();
  }

  override async sign(id: string, algorithm: SigningAlgorithm, data: Uint8Array, call: CallContext): Promise<Uint8Array> {
    return this.breakSignature(await super.sign(id, algorithm, data, call));
  }
}

/** The form that ECDSA has outside JOSE: two ASN.1 integers. */
function der(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const body = Buffer.concat([asn1Integer(signature.subarray(0, half)), asn1Integer(signature.subarray(half))]);
  return Buffer.from([0x30, body.length, ...body]);
}

function asn1Integer(bytes: Uint8Array): Uint8Array {
  return Buffer.from([2, bytes.length + 1, 0, ...bytes]);
}

function down(): never {
  throw new UnavailableError('the HSM is out');
}

describe('a token that a signer signs', () => {
  it.each(SIGNING_ALGORITHMS)('verifies against the published key (%s)', async (algorithm) => {
    const signer = await open({ algorithm });
    const { payload } = await verifyWith(signer.publicKeys, await signer.sign(claims, signal));
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(claims);
  });

  it('has exactly typ, alg and kid in its header, and the kid is the thumbprint of the key', async () => {
    const signer = await open();
    const [header] = (await signer.sign(claims, signal)).split('.');
    const kid = await calculateJwkThumbprint({ ...signer.publicKeys[0] } as Parameters<typeof calculateJwkThumbprint>[0]);
    expect(Buffer.from(header ?? '', 'base64url').toString()).toBe(`{"typ":"txntoken+jwt","alg":"ES256","kid":"${kid}"}`);
  });

  it('carries every letter', async () => {
    const signer = await open();
    const { payload } = await verifyWith(signer.publicKeys, await signer.sign({ name: 'Zoë' }, signal));
    expect(Buffer.from(payload).toString()).toBe('{"name":"Zoë"}');
  });
});

describe('opening a signer', () => {
  it('makes a key where there is none, and takes it again the next time', async () => {
    const first = await open();
    const second = await open();
    expect(second.publicKeys).toEqual(first.publicKeys);
    expect((await keyManager.keys(context)).map((key) => key.id)).toEqual([expect.stringMatching(/^main\.[0-9a-f]{8}-[0-9a-f]{4}-7/)]);
  });

  it('takes the newest key of its own that fits', async () => {
    const other = await Signer.open({ name: 'mainly', algorithm: 'ES256', keyManager, clock, logger });
    await keyManager.generateKey('main.01', 'EC_P256', context);
    const newest = await keyManager.generateKey('main.02', 'EC_P256', context);
    await keyManager.generateKey('main.03', 'Ed25519', context);
    const signer = await open();
    expect(signer.publicKeys[0]).toMatchObject({ x: newest.publicKey.x });
    expect(signer.publicKeys).not.toContainEqual(other.publicKeys[0]);
  });

  it('goes on publishing the keys of a former algorithm', async () => {
    const before = await open({ algorithm: 'EdDSA' });
    const token = await before.sign(claims, signal);
    const after = await open({ algorithm: 'PS256' });
    expect(after.publicKeys.map((key) => key.alg)).toEqual(['PS256', 'EdDSA']);
    await expect(verifyWith(after.publicKeys, token)).resolves.toBeDefined();
  });

  it('names no algorithm for a former RSA key, which may have served either', async () => {
    await open({ algorithm: 'RS256' });
    const signer = await open({ algorithm: 'ES256' });
    expect(signer.publicKeys[1]).not.toHaveProperty('alg');
  });

  it('publishes public members only, whatever the key manager shows', async () => {
    const secret = randomBytes(32).toString('base64url');
    const keys = keyManager.keys.bind(keyManager);
    await keyManager.generateKey('main.01', 'EC_P256', context);
    keyManager.keys = async (call) =>
      (await keys(call)).map((key) => ({ ...key, publicKey: { ...key.publicKey, d: secret } }) as ManagedKey);
    const signer = await open();
    expect(Object.keys(signer.publicKeys[0] ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it('leaves a former key out of what it publishes where that is none', async () => {
    const keys = keyManager.keys.bind(keyManager);
    const broken: ManagedKey = { id: 'main.00', type: 'EC_P384', publicKey: { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' } };
    keyManager.keys = async (call) => [broken, ...(await keys(call))];
    expect((await open()).publicKeys).toHaveLength(1);
    expect(logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', facts: expect.objectContaining({ key: 'main.00' }) }));
  });

  it('fails where the key manager cannot make such a key', async () => {
    await expect(open({ manager: new FakeKeyManager(['EC_P256']), algorithm: 'EdDSA' })).rejects.toMatchObject({
      code: 'PARSEC_KEY_INVALID',
    });
  });

  it.each([
    ['a key of another type than it says', 'EC_P256', 'EC_P384'],
    ['another curve than it says', 'Ed25519', 'EC_P256'],
  ] as const)('fails where the key manager shows %s', async (_what, claimed, real) => {
    const generateKey = keyManager.generateKey.bind(keyManager);
    keyManager.generateKey = async (id, _type, call) => ({ ...(await generateKey(id, real, call)), type: claimed });
    const algorithm = claimed === 'Ed25519' ? 'EdDSA' : 'ES256';
    await expect(open({ algorithm })).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
  });

  it('fails with any other error of the key manager', async () => {
    keyManager.fault = () => {
      throw new Error('no such directory');
    };
    await expect(open()).rejects.toThrow('no such directory');
  });

  it.each([
    ['as DER', der],
    ['of zeros', (signature: Uint8Array) => new Uint8Array(signature.length)],
    ['of nothing', () => new Uint8Array()],
    ['that are no bytes', () => 'signature' as unknown as Uint8Array],
  ])('refuses a key manager that answers with signatures %s', async (_what, breakSignature) => {
    await expect(open({ manager: new BrokenKeyManager(breakSignature) })).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
  });

  it('refuses a key manager that signs with another key than it shows', async () => {
    const [shown, used] = ['main.01', 'main.02'];
    await keyManager.generateKey(shown, 'EC_P256', context);
    await keyManager.generateKey(used, 'EC_P256', context);
    const sign = keyManager.sign.bind(keyManager);
    keyManager.sign = (_id, algorithm, data, call) => sign(shown, algorithm, data, call);
    await expect(open()).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
  });
});

describe('while its key manager is out', () => {
  it('a signer opens, is not ready, publishes nothing and cannot sign', async () => {
    keyManager.fault = down;
    const signer = await open();
    expect(signer.ready).toBe(false);
    expect(signer.publicKeys).toEqual([]);
    await expect(signer.sign(claims, signal)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE', reason: 'signer_not_ready' });
  });

  it('a signer tries again after 1 s, then doubles up to 30 s', async () => {
    keyManager.fault = down;
    await open();
    const delays: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await until(() => clock.due.length === 1);
      const delay = (clock.due[0] ?? 0) - clock.now();
      delays.push(delay);
      clock.advance(delay);
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('a signer becomes ready as soon as a try succeeds, with the key that an interrupted try left', async () => {
    keyManager.fault = ({ operation }) => (operation === 'sign' ? down() : undefined);
    const signer = await open();
    keyManager.fault = () => {};
    clock.advance(1_000);
    await until(() => signer.ready);
    await expect(verifyWith(signer.publicKeys, await signer.sign(claims, signal))).resolves.toBeDefined();
    expect(await keyManager.keys(context)).toHaveLength(1);
    expect(clock.due).toEqual([]);
  });

  it('a signer goes on trying when a try fails for another reason', async () => {
    keyManager.fault = down;
    const signer = await open();
    keyManager.fault = () => {
      throw new Error('misconfigured');
    };
    clock.advance(1_000);
    await until(() => clock.due.length === 1);
    expect(signer.ready).toBe(false);
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', facts: { problem: 'misconfigured' } });
  });

  it('a signer that is closed tries no more, and gives up the try that is under way', async () => {
    keyManager.fault = down;
    const signer = await open();
    keyManager.fault = () => new Promise(() => {});
    clock.advance(1_000);
    await signer.close();
    await signer.close();
    expect(keyManager.calls.at(-1)?.context.signal.aborted).toBe(true);
    expect(clock.due).toEqual([]);
    expect(signer.ready).toBe(false);
  });

  it('a signer opens without a key where the key manager hangs', async () => {
    jest.useFakeTimers();
    keyManager.fault = () => new Promise(() => {});
    const opening = open();
    await jest.advanceTimersByTimeAsync(15_000);
    expect((await opening).ready).toBe(false);
  });
});

describe('a signature that fails', () => {
  it('is unavailability, with the cause', async () => {
    const signer = await open();
    const cause = new Error('pin locked');
    keyManager.fault = () => {
      throw cause;
    };
    await expect(signer.sign(claims, signal)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE', reason: 'signing_failed', cause });
    expect(signer.ready).toBe(true);
  });

  it('is given up after 5 s, and the key manager is told', async () => {
    const signer = await open();
    jest.useFakeTimers();
    keyManager.fault = () => new Promise(() => {});
    const [outcome] = await Promise.allSettled([signer.sign(claims, signal), jest.advanceTimersByTimeAsync(5_000)]);
    expect(outcome).toMatchObject({ reason: { code: 'PARSEC_UNAVAILABLE', cause: { reason: 'timeout' } } });
    expect(keyManager.calls.at(-1)?.context.signal.aborted).toBe(true);
  });

  it('is given up at once when the caller goes, for the reason that the caller gives', async () => {
    const signer = await open();
    keyManager.fault = () => new Promise(() => {});
    const caller = new AbortController();
    const [outcome] = await Promise.allSettled([signer.sign(claims, caller.signal), caller.abort(new Error('gone'))]);
    expect(outcome).toMatchObject({ reason: { message: 'gone' } });
  });

  it('is one whose length is not that of its algorithm, also after a proper start', async () => {
    const signer = await open();
    const sign = keyManager.sign.bind(keyManager);
    keyManager.sign = async (...call) => der(await sign(...call));
    await expect(signer.sign(claims, signal)).rejects.toMatchObject({
      code: 'PARSEC_UNAVAILABLE',
      cause: expect.objectContaining({ code: 'PARSEC_KEY_INVALID' }),
    });
  });
});

it('a probe can never be taken for a token', async () => {
  const probes: Uint8Array[] = [];
  const sign = keyManager.sign.bind(keyManager);
  keyManager.sign = (id, algorithm, data, call) => {
    probes.push(data);
    return sign(id, algorithm, data, call);
  };
  await open();
  expect(probes).toHaveLength(1);
  expect(Buffer.from(probes[0] ?? []).includes('.')).toBe(false);
});
