import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { afterEach, expect, it } from '@jest/globals';
import { openInstance, type Instance } from '@parsec/kernel';
import plugin from '@parsec/key-manager-pkcs11';
import type { CallContext, JWK, KeyManager, ManagedKey } from '@parsec/plugin-sdk';
import { checkOptions, FakeClock, RecordingLogger } from '@parsec/plugin-testing';
import { describeWith, peer } from './peers.js';
import {
  callsOf,
  deleteToken,
  destroyObjects,
  initToken,
  makeForeignKey,
  objectsIn,
  PIN,
  SOFTHSM_PEERS,
  tokensNamed,
  whileToken,
} from './support/softhsm.js';

const patient: CallContext = { signal: new AbortController().signal };
const DATA = Buffer.from('data');
const ID = 'main.0192f0c0-0000-7000-8000-000000000000';
const OTHER_ID = 'main.0192f0c0-0000-7000-8000-000000000001';

const opened: Instance<'key_manager'>[] = [];
const clock = new FakeClock();
let tokens = 0;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((instance) => instance.close()));
});

function newLabel(): string {
  tokens += 1;
  return `spec ${process.pid} ${tokens}`;
}

async function newToken(): Promise<string> {
  const label = newLabel();
  await initToken(label);
  return label;
}

/** Opens an instance on a token, by its label unless the options say otherwise. */
async function open(label: string, options: Readonly<Record<string, unknown>> = {}): Promise<Instance<'key_manager'>> {
  const plain = {
    module: peer('pkcs11-faults'),
    pin: PIN,
    sessions: 2,
    ...('serial' in options || 'slot' in options ? {} : { token_label: label }),
  };
  const checked = checkOptions(plugin.options, { ...plain, ...options });
  const instance = await openInstance<'key_manager'>(plugin, 'hsm', checked, {
    directory: '/',
    clock,
    logger: () => new RecordingLogger(),
  });
  opened.push(instance);
  return instance;
}

function signs(manager: KeyManager, { id, publicKey }: ManagedKey): Promise<boolean> {
  return manager.sign(id, 'ES256', DATA, patient).then((signature) => isSignature(signature, publicKey));
}

function isSignature(signature: Uint8Array, publicKey: JWK): boolean {
  const key = createPublicKey({ key: { ...publicKey }, format: 'jwk' });
  return verify('sha256', DATA, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

describeWith(SOFTHSM_PEERS, 'a key manager on SoftHSM', () => {
  it('makes keys that are in the token as it says: never extractable, and for signing only', async () => {
    const label = await newToken();
    const { api } = await open(label);
    for (const type of api.keyTypes) await api.generateKey(`main.${randomUUID()}`, type, patient);
    const keys = objectsIn(label, 'private');
    expect(keys).toHaveLength(4);
    for (const key of keys) {
      expect(key).toMatchObject({
        token: true,
        private: true,
        sensitive: true,
        extractable: false,
        sign: true,
        decrypt: false,
        unwrap: false,
        derive: false,
      });
    }
  });

  it('offers every type of key that SoftHSM has mechanisms for', async () => {
    const { api } = await open(await newToken());
    expect(api.keyTypes).toEqual(['EC_P256', 'EC_P384', 'RSA_2048', 'Ed25519']);
  });

  it('finds its token by serial and by slot, also where labels repeat', async () => {
    const label = await newToken();
    await initToken(label);
    const [first, second] = tokensNamed(label);
    const { api: bySerial } = await open(label, { serial: first?.serial });
    const key = await bySerial.generateKey(ID, 'EC_P256', patient);
    const { api: bySlot } = await open(label, { slot: first?.slot });
    const { api: other } = await open(label, { slot: second?.slot });
    expect(await bySlot.keys(patient)).toEqual([key]);
    expect(await other.keys(patient)).toEqual([]);
    await expect(open(label)).rejects.toThrow(`there is more than one token with the label "${label}"`);
  });

  it('leaves alone what others keep in the token, also under a name like its own', async () => {
    const label = await newToken();
    makeForeignKey(label, { label: 'web-server', id: 'web-server' });
    makeForeignKey(label, { label: ID, id: 'another' });
    makeForeignKey(label, { label: 'another', id: ID });
    const before = objectsIn(label, 'private').length + objectsIn(label, 'public').length;
    const { api } = await open(label);
    expect(await api.keys(patient)).toEqual([]);
    await expect(api.sign(ID, 'ES256', DATA, patient)).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
    const key = await api.generateKey(ID, 'EC_P256', patient);
    expect(await signs(api, key)).toBe(true);
    await api.deleteKey?.(ID, patient);
    expect(objectsIn(label, 'private').length + objectsIn(label, 'public').length).toBe(before);
  });

  it('no longer shows or uses a key that somebody else destroyed', async () => {
    const label = await newToken();
    const { api } = await open(label);
    const key = await api.generateKey(ID, 'EC_P256', patient);
    expect(await signs(api, key)).toBe(true);
    destroyObjects(label);
    expect(await api.keys(patient)).toEqual([]);
    await expect(api.sign(ID, 'ES256', DATA, patient)).rejects.toMatchObject({
      code: 'PARSEC_KEY_INVALID',
      message: `there is no key "${ID}"`,
    });
  });

  it('makes one key where many ask for the same identifier at once', async () => {
    const { api } = await open(await newToken(), { sessions: 8 });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => api.generateKey(ID, 'EC_P256', patient)));
    const made = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(made).toHaveLength(1);
    expect(await api.keys(patient)).toEqual([made[0]?.value]);
  });
});

describeWith(SOFTHSM_PEERS, 'the sessions with a token', () => {
  it('serve more callers than there are sessions', async () => {
    const { api } = await open(await newToken());
    const key = await api.generateKey(ID, 'EC_P256', patient);
    const before = callsOf('C_OpenSession');
    expect(await Promise.all(Array.from({ length: 50 }, () => signs(api, key)))).not.toContain(false);
    // The first was opened before.
    expect(callsOf('C_OpenSession') - before).toBe(1);
  });

  it('are as many as the token allows, where that is fewer', async () => {
    const { api } = await open(await newToken(), { sessions: 8 });
    const key = await api.generateKey(ID, 'EC_P256', patient);
    // CKR_SESSION_COUNT
    await whileToken('C_OpenSession', 'b1', async () => {
      expect(await Promise.all(Array.from({ length: 10 }, () => signs(api, key)))).not.toContain(false);
    });
  });

  it('are given up by their callers where the token does not return, and used again once it does', async () => {
    const instance = await open(await newToken());
    const { api } = instance;
    const key = await api.generateKey(ID, 'EC_P256', patient);
    await whileToken('C_Sign', 'stall', async () => {
      const abort = new AbortController();
      const calls = [1, 2, 3].map(() => api.sign(ID, 'ES256', DATA, { signal: abort.signal }));
      abort.abort(new Error('too late'));
      for (const outcome of await Promise.allSettled(calls)) expect(outcome).toMatchObject({ reason: { message: 'too late' } });
      expect(instance.health()).toEqual({ status: 'down', detail: 'the token does not return from any session' });
    });
    expect(await signs(api, key)).toBe(true);
    expect(instance.health().status).toBe('up');
  });

  it('leave no key behind that was made after its caller had left', async () => {
    const label = await newToken();
    const { api } = await open(label, { sessions: 1 });
    await whileToken('C_GenerateKeyPair', 'stall', async () => {
      const abort = new AbortController();
      const call = api.generateKey(ID, 'EC_P256', { signal: abort.signal });
      abort.abort(new Error('too late'));
      await expect(call).rejects.toThrow('too late');
    });
    // The one session is free again when the key is made and destroyed.
    expect(await api.keys(patient)).toEqual([]);
    expect([...objectsIn(label, 'private'), ...objectsIn(label, 'public')]).toEqual([]);
  });
});

describeWith(SOFTHSM_PEERS, 'a PIN', () => {
  it('is tried once where it is wrong, and then the instance does not open', async () => {
    const label = await newToken();
    const before = callsOf('C_Login');
    await expect(open(label, { pin: 'wrong-pin' })).rejects.toMatchObject({
      code: 'PARSEC_INSTANCE_OPEN_FAILED',
      cause: { code: 'PARSEC_KEY_INVALID', message: 'could not log in to the token (CKR_PIN_INCORRECT, 0xa0)' },
    });
    expect(callsOf('C_Login') - before).toBe(1);
    expect(clock.due).toEqual([]);
  });

  it('is tried once where it turns out to be wrong later, and never again', async () => {
    const label = newLabel();
    const instance = await open(label, { pin: 'wrong-pin' });
    await initToken(label);
    const before = callsOf('C_Login');
    clock.advance(3_600_000);
    expect(callsOf('C_Login') - before).toBe(1);
    expect(instance.health()).toMatchObject({ status: 'down', detail: expect.stringContaining('CKR_PIN_INCORRECT') });
    await expect(instance.api.keys(patient)).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
    expect(callsOf('C_Login') - before).toBe(1);
  });

  it.each([
    ['one wrong PIN away from being locked', '20000'],
    ['locked', '40000'],
  ])('is not tried at all where the token is %s', async (_state, flag) => {
    const label = await newToken();
    const before = callsOf('C_Login');
    await whileToken('C_GetTokenInfo', flag, async () => {
      await expect(open(label)).rejects.toMatchObject({ cause: { code: 'PARSEC_KEY_INVALID' } });
    });
    expect(callsOf('C_Login')).toBe(before);
  });
});

describeWith(SOFTHSM_PEERS, 'a token that is out', () => {
  it('lets an instance open, which is down until the token is there', async () => {
    const label = newLabel();
    const instance = await open(label);
    expect(instance.health()).toEqual({ status: 'down', detail: `there is no token with the label "${label}"` });
    await expect(instance.api.keys(patient)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    await expect(instance.api.generateKey(ID, 'EC_P256', patient)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    await initToken(label);
    clock.advance(1_000);
    expect(instance.health()).toEqual({ status: 'up' });
    expect(await signs(instance.api, await instance.api.generateKey(ID, 'EC_P256', patient))).toBe(true);
  });

  it('is looked for less and less often, and not for every call', async () => {
    const { api } = await open(newLabel());
    const delays = Array.from({ length: 7 }, () => {
      const delay = (clock.due[0] ?? 0) - clock.now();
      clock.advance(delay);
      return delay;
    });
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    const before = callsOf('C_GetTokenInfo');
    await expect(api.keys(patient)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    expect(callsOf('C_GetTokenInfo')).toBe(before);
  });

  it.each([
    ['CKR_DEVICE_ERROR', '30'],
    ['CKR_DEVICE_REMOVED', '32'],
    ['CKR_SESSION_HANDLE_INVALID', 'b3'],
    ['CKR_TOKEN_NOT_PRESENT', 'e0'],
    ['CKR_USER_NOT_LOGGED_IN', '101'],
    ['CKR_GENERAL_ERROR', '5'],
    ['an error of its maker', '80000001'],
  ])('shows by %s, and serves again when it is back', async (_name, code) => {
    const instance = await open(await newToken());
    const { api } = instance;
    const key = await api.generateKey(ID, 'EC_P256', patient);
    await whileToken('C_Sign', code, async () => {
      await expect(signs(api, key)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    });
    expect(instance.health().status).toBe('down');
    await expect(signs(api, key)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    clock.advance(1_000);
    expect(instance.health()).toEqual({ status: 'up' });
    expect(await signs(api, key)).toBe(true);
  });

  it('is not noticed by those who sign where one login is enough to have it back', async () => {
    const instance = await open(await newToken());
    const key = await instance.api.generateKey(ID, 'EC_P256', patient);
    clock.advance(60_000);
    const before = callsOf('C_Login');
    await whileToken('C_Sign', 'once b3', async () => {
      expect(await Promise.all(Array.from({ length: 10 }, () => signs(instance.api, key)))).not.toContain(false);
    });
    expect(callsOf('C_Login') - before).toBe(1);
  });

  it('does not have its login tried for every call that fails', async () => {
    const { api } = await open(await newToken());
    const key = await api.generateKey(ID, 'EC_P256', patient);
    clock.advance(60_000);
    const before = callsOf('C_Login');
    await whileToken('C_Sign', 'b3', async () => {
      for (let call = 0; call < 20; call += 1) await expect(signs(api, key)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    });
    expect(callsOf('C_Login') - before).toBe(1);
  });

  it('may come back without its keys', async () => {
    const label = await newToken();
    const { api } = await open(label);
    const key = await api.generateKey(ID, 'EC_P256', patient);
    await whileToken('C_Sign', 'e0', () => expect(signs(api, key)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' }));
    await deleteToken(label);
    clock.advance(1_000);
    await expect(api.keys(patient)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    await initToken(label);
    clock.advance(2_000);
    expect(await api.keys(patient)).toEqual([]);
    await expect(signs(api, key)).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
    const other = await api.generateKey(OTHER_ID, 'EC_P256', patient);
    expect(await signs(api, other)).toBe(true);
  });

  it('that is full makes no keys for now, and its keys go on signing', async () => {
    const instance = await open(await newToken());
    const key = await instance.api.generateKey(ID, 'EC_P256', patient);
    // CKR_DEVICE_MEMORY
    await whileToken('C_GenerateKeyPair', '31', async () => {
      await expect(instance.api.generateKey(OTHER_ID, 'EC_P256', patient)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    });
    expect(instance.health().status).toBe('up');
    expect(await signs(instance.api, key)).toBe(true);
  });

  it('that forbids making keys says so for good', async () => {
    const { api } = await open(await newToken());
    // CKR_TOKEN_WRITE_PROTECTED
    await whileToken('C_GenerateKeyPair', 'e2', async () => {
      await expect(api.generateKey(ID, 'EC_P256', patient)).rejects.toMatchObject({
        code: 'PARSEC_KEY_INVALID',
        message: `could not make the key "${ID}" (CKR_TOKEN_WRITE_PROTECTED, 0xe2)`,
      });
    });
  });
});
