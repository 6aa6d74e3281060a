import { generateKeyPairSync, randomBytes, type JsonWebKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  SIGNING_ALGORITHMS,
  UnavailableError,
  type CallContext,
  type JsonValue,
  type JWK,
  type ManagedKey,
  type SigningAlgorithm,
} from '@parsec/plugin-sdk';
import { FakeClock, FakeKeyManager, RecordingLogger } from '@parsec/plugin-testing';
import { calculateJwkThumbprint, compactVerify, createLocalJWKSet } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { Signer, type SignerSettings } from './index.js';
import { FakeStore, storeIsOut } from './testing/fake-store.js';

const { signal } = new AbortController();
const context: CallContext = { signal };
const claims = { sub: 'corp:alice', txn: '7' };
const HOUR = 3_600_000;

let clock: FakeClock;
let logger: RecordingLogger;
let keyManager: FakeKeyManager;
let store: FakeStore;
let opened: Signer[];

beforeEach(() => {
  clock = new FakeClock();
  logger = new RecordingLogger();
  keyManager = new FakeKeyManager();
  store = new FakeStore(false, () => clock.now());
  opened = [];
});

afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(opened.map((signer) => signer.close()));
});

function settings(changes: Partial<SignerSettings> = {}): SignerSettings {
  return {
    name: 'main',
    algorithm: 'ES256',
    keyManager: 'keys',
    keyManagers: new Map([['keys', keyManager]]),
    rotation: { every: 24 * HOUR, publishAhead: HOUR },
    maxAge: 300_000,
    tokenLifetime: 120_000,
    documents: store.connect('local'),
    replica: { name: 'local', sharedKeys: false, timeout: 600_000 },
    clock,
    logger,
    observer: { signed: () => {}, failed: () => {}, rotated: () => {}, rotationFailed: () => {} },
    ...changes,
  };
}

async function open(changes: Partial<SignerSettings> & { readonly manager?: FakeKeyManager } = {}): Promise<Signer> {
  const { manager, ...others } = changes;
  const signer = await Signer.open(
    settings({ ...(manager === undefined ? {} : { keyManagers: new Map([['keys', manager]]) }), ...others }),
  );
  opened.push(signer);
  return signer;
}

/** Lets promises and the thread pool go on until something holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Turns the clock, and lets what that begins come to its end. */
async function pass(milliseconds: number, signer: Signer, condition: (signer: Signer) => boolean): Promise<void> {
  clock.advance(milliseconds);
  await until(() => condition(signer));
}

/** Turns the clock, and lets everything that begins come to its end. */
async function rest(milliseconds: number): Promise<void> {
  clock.advance(milliseconds);
  for (let quiet = 0, calls = -1; quiet < 50; quiet += 1) {
    if (keyManager.calls.length !== calls) quiet = 0;
    calls = keyManager.calls.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const idOf = (index: number): string => `main.${uuidv7({ msecs: clock.now() - index * 2 * HOUR })}`;

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
  it('makes a key where there is none, which signs at once, and another one that is published ahead', async () => {
    const signer = await open();
    expect(signer.ready).toBe(true);
    expect(signer.publicKeys).toHaveLength(2);
    expect(signer.status().map(({ state }) => state)).toEqual(['signing', 'next']);
    const ids = (await keyManager.keys(context)).map((key) => key.id);
    expect(ids).toEqual([1, 2].map(() => expect.stringMatching(/^main\.[0-9a-f]{8}-[0-9a-f]{4}-7/)));
  });

  it('takes the same keys again the next time', async () => {
    const first = await open();
    await first.close();
    const second = await open();
    expect(second.publicKeys).toEqual(first.publicKeys);
    expect(await keyManager.keys(context)).toHaveLength(2);
  });

  it('where nothing is stored of the keys that are there, signs with the newest that was published for long enough', async () => {
    const [newest, middle, oldest] = [idOf(0), idOf(1), idOf(2)];
    for (const id of [oldest, middle, newest]) await keyManager.generateKey(id, 'EC_P256', context);
    await keyManager.generateKey('mainly.01', 'EC_P256', context);
    const signer = await open();
    expect(signer.status().map(({ key, state }) => [key, state])).toEqual([
      [oldest, 'former'],
      [middle, 'signing'],
      [newest, 'next'],
    ]);
  });

  it('where nothing is stored, goes on publishing keys of other types that are there', async () => {
    const former = await keyManager.generateKey(idOf(1), 'Ed25519', context);
    const signer = await open();
    expect(signer.publicKeys).toContainEqual(expect.objectContaining({ x: former.publicKey['x'], alg: 'EdDSA' }));
  });

  it('publishes public members only, whatever the key manager shows', async () => {
    const secret = randomBytes(32).toString('base64url');
    const keys = keyManager.keys.bind(keyManager);
    await keyManager.generateKey(idOf(1), 'EC_P256', context);
    keyManager.keys = async (call) =>
      (await keys(call)).map((key) => ({ ...key, publicKey: { ...key.publicKey, d: secret } }) as ManagedKey);
    const signer = await open();
    expect(Object.keys(signer.publicKeys[0] ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it('leaves a former key out of what it publishes where that is none', async () => {
    const keys = keyManager.keys.bind(keyManager);
    const broken: ManagedKey = { id: 'main.00', type: 'EC_P384', publicKey: { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' } };
    keyManager.keys = async (call) => [broken, ...(await keys(call))];
    expect((await open()).publicKeys).toHaveLength(2);
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
    await keyManager.generateKey('other.01', 'EC_P256', context);
    const sign = keyManager.sign.bind(keyManager);
    keyManager.sign = (_id, algorithm, data, call) => sign('other.01', algorithm, data, call);
    await expect(open()).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
  });
});

describe('while its key manager is out', () => {
  it('a signer opens, is not ready, publishes nothing, may not be cached and cannot sign', async () => {
    keyManager.fault = down;
    const signer = await open();
    expect([signer.ready, signer.publicKeys, signer.isCacheable]).toEqual([false, [], false]);
    await expect(signer.sign(claims, signal)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE', reason: 'signer_not_ready' });
  });

  it('a signer tries again after 1 s, then doubles up to 30 s', async () => {
    keyManager.fault = down;
    await open();
    const delays: unknown[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const warnings = (): number => logger.lines.filter(({ level }) => level === 'warn').length;
      await until(() => clock.due.length === 1);
      delays.push(logger.lines.at(-1)?.facts?.['retry_in_ms']);
      const before = warnings();
      clock.advance((clock.due[0] ?? 0) - clock.now());
      await until(() => warnings() > before);
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('a signer becomes ready as soon as a try succeeds, with the key that an interrupted try left', async () => {
    keyManager.fault = ({ operation }) => (operation === 'sign' ? down() : undefined);
    const signer = await open();
    keyManager.fault = () => {};
    await pass(1_000, signer, ({ ready, publicKeys }) => ready && publicKeys.length === 2);
    await expect(verifyWith(signer.publicKeys, await signer.sign(claims, signal))).resolves.toBeDefined();
    expect(await keyManager.keys(context)).toHaveLength(2);
  });

  it('a signer goes on trying when a try fails for another reason', async () => {
    keyManager.fault = down;
    const signer = await open();
    keyManager.fault = () => {
      throw new Error('misconfigured');
    };
    await pass(1_000, signer, () => logger.lines.at(-1)?.facts?.['problem'] === 'misconfigured');
    expect(signer.health()).toEqual({ status: 'down', detail: 'misconfigured' });
    keyManager.fault = () => {};
    await pass(2_000, signer, ({ ready }) => ready);
  });

  it('a signer publishes the public halves that are stored, and signs once its key manager is back', async () => {
    const before = await open();
    const token = await before.sign(claims, signal);
    await before.close();
    keyManager.fault = down;
    const signer = await open();
    expect(signer.ready).toBe(false);
    await expect(verifyWith(signer.publicKeys, token)).resolves.toBeDefined();
    keyManager.fault = () => {};
    await pass(1_000, signer, ({ ready }) => ready);
  });

  it('a signer that is closed tries no more, and gives up the try that is under way', async () => {
    keyManager.fault = down;
    const signer = await open();
    keyManager.fault = () => new Promise(() => {});
    const calls = keyManager.calls.length;
    await pass(1_000, signer, () => keyManager.calls.length > calls);
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
  expect(probes.length).toBeGreaterThan(0);
  expect(probes.filter((probe) => Buffer.from(probe).includes('.'))).toEqual([]);
});

describe('rotation', () => {
  it('has the next key sign after an interval, and drops the former one when its last token is worthless everywhere', async () => {
    const signer = await open();
    const token = await signer.sign({ exp: clock.now() / 1_000 + 120 }, signal);
    const [first, second] = signer.publicKeys.map(({ kid }) => kid);
    await pass(24 * HOUR, signer, ({ publicKeys }) => publicKeys[0]?.kid === second && publicKeys.length === 3);
    await expect(verifyWith(signer.publicKeys, token)).resolves.toBeDefined();
    // 120 s of the token, 30 s of skew, 300 s in caches, 1 s on the way.
    await rest(450_000);
    expect(signer.publicKeys.map(({ kid }) => kid)).toContain(first);
    await pass(2_000, signer, ({ publicKeys }) => !publicKeys.some(({ kid }) => kid === first));
    await until(() => keyManager.calls.at(-1)?.operation === 'deleteKey');
    expect((await keyManager.keys(context)).map(({ id }) => id)).toEqual(signer.status().map(({ key }) => key));
  });

  it('happens at most once when the clock jumps by an hour, forth or back', async () => {
    const signer = await open({ rotation: { every: HOUR / 2, publishAhead: 300_000 } });
    const kids = signer.publicKeys.map(({ kid }) => kid);
    for (const jump of [HOUR, -2 * HOUR, HOUR]) clock.jump(jump);
    await rest(HOUR / 2 - 1_000);
    expect(signer.publicKeys.map(({ kid }) => kid)).toEqual(kids);
    await signer.close();
    clock.jump(HOUR);
    const again = await open({ rotation: { every: HOUR / 2, publishAhead: 300_000 } });
    expect(again.publicKeys.map(({ kid }) => kid)).toEqual(kids);
    await pass(302_000, again, ({ publicKeys }) => publicKeys[0]?.kid === kids[1] && publicKeys.length === 3);
    await rest(HOUR / 4);
    expect(again.publicKeys[0]?.kid).toBe(kids[1]);
  });

  it('that fails leaves the key in force, and counts', async () => {
    const failed: string[] = [];
    const observer = { signed: () => {}, failed: () => {}, rotated: () => {}, rotationFailed: (name: string) => void failed.push(name) };
    const signer = await open({ observer });
    const [first] = signer.publicKeys;
    keyManager.fault = ({ operation }) => (operation === 'sign' ? undefined : down());
    const next = signer.status().find(({ state }) => state === 'next')?.kid ?? '';
    await signer.revoke(next);
    await pass(48 * HOUR, signer, () => failed.length > 1);
    expect(signer.publicKeys.map(({ kid }) => kid)).toEqual([first?.kid]);
    await expect(signer.sign(claims, signal)).resolves.toBeDefined();
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', facts: { signer: 'main', problem: 'the HSM is out' } });
  });

  it('puts no key in force that does not sign right, and makes another one', async () => {
    const signer = await open();
    const [first, second] = signer.status().map(({ kid, key }) => ({ kid, key }));
    const sign = keyManager.sign.bind(keyManager);
    keyManager.sign = async (id, ...call) => {
      const signature = await sign(id, ...call);
      return id === second?.key ? signature.map((byte) => byte ^ 1) : signature;
    };
    clock.advance(24 * HOUR);
    await until(() => signer.status().some(({ state, kid }) => state === 'next' && kid !== second?.kid));
    expect(signer.status().map(({ state, kid }) => [state, kid])).toEqual([
      ['signing', first?.kid],
      ['next', expect.any(String)],
    ]);
  });

  it('on demand has the next key sign as soon as every verifier knows it', async () => {
    const signer = await open();
    const next = signer.publicKeys[1]?.kid;
    const told = logger.lines.map(({ facts }) => facts).find(({ kid }) => kid === next);
    expect([told?.['signs_from'], signer.schedule?.nextRotation]).toEqual([
      new Date(clock.now() + 24 * HOUR).toISOString(),
      clock.now() + 24 * HOUR,
    ]);
    await signer.rotate();
    expect(signer.publicKeys[0]?.kid).not.toBe(next);
    expect(signer.schedule?.nextRotation).toBe(clock.now() + HOUR);
    await pass(HOUR, signer, ({ publicKeys }) => publicKeys[0]?.kid === next);
  });
});

describe('a signer whose state is shared', () => {
  let looks: number;
  let delay: Promise<void> | undefined;
  let signer: Signer;

  beforeEach(async () => {
    [looks, delay] = [0, undefined];
    const shared = new FakeStore(true, () => clock.now()).connect('local');
    const sync: typeof shared.sync = async (presence, renew) => {
      looks += 1;
      await delay;
      return shared.sync(presence, renew);
    };
    signer = await open({ documents: { ...shared, sync } });
    // It believes that the store is empty, and not just emptied.
    await pass(15_000, signer, ({ ready }) => ready);
    await rest(0);
  });

  it('says whose each key is: its own, or that of all', async () => {
    expect(new Set(signer.status().map(({ ring }) => ring))).toEqual(new Set(['local']));
    const documents = new FakeStore(true, () => clock.now()).connect('local');
    const sharing = await open({ documents, replica: { name: 'local', sharedKeys: true, timeout: 600_000 } });
    await pass(15_000, sharing, ({ ready }) => ready);
    expect(new Set(sharing.status().map(({ ring }) => ring))).toEqual(new Set(['all']));
  });

  it('looks at it before it signs where the process stood still, once', async () => {
    const before = looks;
    await signer.sign(claims, signal);
    expect(looks).toBe(before);
    // The machine slept: only the wall clock went on.
    clock.jump(10_000);
    await Promise.all([signer.sign(claims, signal), signer.sign(claims, signal)]);
    await signer.sign(claims, signal);
    expect(looks).toBe(before + 1);
  });

  it('looks at it also where its own timers come before the request', async () => {
    clock.jump(10_000);
    await rest(600);
    const before = looks;
    await signer.sign(claims, signal);
    expect(looks).toBe(before + 1);
  });

  it('does not wait for a look that takes long', async () => {
    const answer = Promise.withResolvers<void>();
    delay = answer.promise;
    const before = looks;
    await rest(60_000);
    expect(looks).toBe(before + 1);
    // Waiting would never end.
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    await expect(signer.sign(claims, signal)).resolves.toBeDefined();
    answer.resolve();
  });
});

describe('a key in force that fails', () => {
  it('for 10 s makes its signer not ready, until it signs again', async () => {
    const signer = await open();
    keyManager.fault = down;
    for (const passed of [0, 9_000, 1_000]) {
      await rest(passed);
      await expect(signer.sign(claims, signal)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    }
    await rest(0);
    expect(signer.health()).toEqual({ status: 'down', detail: 'its key fails to sign' });
    keyManager.fault = () => {};
    await pass(30_000, signer, ({ ready }) => ready);
    await expect(signer.sign(claims, signal)).resolves.toBeDefined();
  });

  it('for good gives way to the next one', async () => {
    const signer = await open();
    const [first, second] = signer.status();
    await rest(HOUR);
    await keyManager.deleteKey(first?.key ?? '', context);
    await expect(signer.sign(claims, signal)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    await until(() => signer.publicKeys[0]?.kid === second?.kid);
    await expect(signer.sign(claims, signal)).resolves.toBeDefined();
  });
});

describe('a key that is revoked', () => {
  it('is gone at once, also after a restart, and the next one signs', async () => {
    const signer = await open();
    const [first, second] = signer.publicKeys.map(({ kid }) => kid as string);
    clock.advance(HOUR);
    expect(await signer.revoke(first as string)).toBe(true);
    expect(signer.publicKeys.map(({ kid }) => kid)).toEqual([second, expect.any(String)]);
    expect(signer.ready).toBe(true);
    await signer.close();
    const again = await open();
    expect(again.publicKeys.map(({ kid }) => kid)).not.toContain(first);
    expect(again.ready).toBe(true);
  });

  it('leaves a signer that has no other without any, until a new one is known everywhere', async () => {
    const signer = await open();
    for (const { kid } of signer.publicKeys) await signer.revoke(kid as string);
    expect(signer.health()).toEqual({ status: 'down', detail: 'none of its keys may sign yet' });
    await expect(signer.sign(claims, signal)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE', reason: 'signer_not_ready' });
    await rest(300_000);
    expect(signer.ready).toBe(false);
    await pass(2_000, signer, ({ ready }) => ready);
  });

  it('is told to be so in this process only where that cannot be stored', async () => {
    let isOut = false;
    const documents = store.connect('local', () => (isOut ? storeIsOut() : undefined));
    const signer = await open({ documents });
    const kid = signer.publicKeys[0]?.kid as string;
    isOut = true;
    await expect(signer.revoke(kid)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    expect(signer.publicKeys.map((key) => key.kid)).not.toContain(kid);
    isOut = false;
    await expect(signer.revoke(kid)).resolves.toBe(true);
  });

  it('must be one of the signer', async () => {
    expect(await (await open()).revoke('unknown')).toBe(false);
  });
});

describe('what is stored of the keys', () => {
  /** Changes the JWK of the key that signs, behind parsec's back. */
  async function tamper(change: (jwk: JWK) => JWK): Promise<void> {
    await (await open()).close();
    const documents = store.connect('somebody');
    const expected = (await documents.sync(null)).documents.get('ring');
    const ring = structuredClone(expected?.value) as unknown as { keys: { jwk: JWK }[] };
    for (const key of ring.keys) key.jwk = change(key.jwk);
    await documents.replace('ring', { expected, value: ring as unknown as JsonValue });
  }

  it('is published without anything that is not public', async () => {
    await tamper((jwk) => ({ ...jwk, d: 'secret', x5u: 'https://elsewhere.example' }));
    expect(JSON.stringify((await open()).publicKeys)).not.toMatch(/secret|elsewhere/);
  });

  it.each([
    ['another key', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as JWK],
    ['a key of another type', () => generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) as JWK],
    ['a symmetric key', () => ({ kty: 'oct', k: 'AAAA' })],
    ['nothing', () => ({})],
  ])('is refused where %s stands in the place of one', async (_what, other) => {
    await tamper(({ kid }) => ({ ...other(), kid }) as JWK);
    await expect(open()).rejects.toMatchObject({ code: 'PARSEC_STATE_INVALID' });
  });
});

describe('a change of configuration', () => {
  it('to tokens that live shorter keeps what verifies those that live longer', async () => {
    const before = await open({ tokenLifetime: 900_000, rotation: { every: HOUR, publishAhead: 300_000 } });
    await rest(HOUR - 10_000);
    const token = await before.sign({ exp: clock.now() / 1_000 + 900 }, signal);
    await before.close();
    const signer = await open({ tokenLifetime: 60_000, rotation: { every: HOUR, publishAhead: 300_000 } });
    const kid = signer.publicKeys[0]?.kid;
    await pass(302_000, signer, ({ publicKeys }) => publicKeys[0]?.kid !== kid);
    await rest(900_000 - 303_000);
    await expect(verifyWith(signer.publicKeys, token)).resolves.toBeDefined();
  });

  it('to another algorithm lets the former key sign until every verifier knows the new one', async () => {
    const before = await open({ algorithm: 'RS256' });
    await before.close();
    const signer = await open({ algorithm: 'ES256' });
    await expect(verifyWith(signer.publicKeys, await signer.sign(claims, signal))).resolves.toMatchObject({
      protectedHeader: { alg: 'RS256' },
    });
    await pass(HOUR, signer, ({ publicKeys }) => publicKeys[0]?.alg === 'ES256');
    await expect(verifyWith(signer.publicKeys, await signer.sign(claims, signal))).resolves.toMatchObject({
      protectedHeader: { alg: 'ES256' },
    });
    expect(signer.publicKeys.map(({ alg }) => alg)).toContain('RS256');
  });

  it('to another key manager lets the former one sign on, where it is named', async () => {
    const before = await open();
    await before.close();
    const other = new FakeKeyManager();
    const keyManagers = new Map([
      ['keys', keyManager],
      ['others', other],
    ]);
    const signer = await open({ keyManager: 'others', keyManagers });
    expect(signer.ready).toBe(true);
    await pass(HOUR, signer, () => signer.status().some(({ state, key_manager: name }) => state === 'signing' && name === 'others'));
    expect(signer.ready).toBe(true);
  });

  it('to another key manager keeps what the former one signed verifiable, and signs only once verifiers know the new key', async () => {
    const before = await open();
    const token = await before.sign({ exp: clock.now() / 1_000 + 120 }, signal);
    await before.close();
    const signer = await open({ keyManager: 'others', keyManagers: new Map([['others', new FakeKeyManager()]]) });
    await expect(verifyWith(signer.publicKeys, token)).resolves.toBeDefined();
    expect(signer.ready).toBe(false);
    await pass(302_000, signer, ({ ready }) => ready);
    await expect(verifyWith(signer.publicKeys, token)).resolves.toBeDefined();
  });

  it('shows when the new key will sign, which is when it has been published ahead, and no such time for the one it makes needless', async () => {
    const before = await open();
    await before.close();
    const others = new FakeKeyManager();
    const expected = (signer: Signer) =>
      signer
        .status()
        .filter(({ state }) => state === 'next')
        .map(({ key_manager: name, signs_from: from }) => [name, from]);
    const named = await open({
      keyManager: 'others',
      keyManagers: new Map([
        ['keys', keyManager],
        ['others', others],
      ]),
    });
    expect(expected(named)).toEqual([
      ['keys', undefined],
      ['others', clock.now() + HOUR],
    ]);
    await named.close();
    const unnamed = await open({ keyManager: 'others', keyManagers: new Map([['others', others]]) });
    // Nothing signs meanwhile, so it need only be known to every verifier.
    expect(expected(unnamed)).toEqual([
      ['keys', undefined],
      ['others', clock.now() + 301_000],
    ]);
  });
});
