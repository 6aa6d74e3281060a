import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KEY_TYPE_OF, type CallContext, type ManagedKey, type SigningAlgorithm } from '@parsec/plugin-sdk';
import { checkOptions, RecordingLogger } from '@parsec/plugin-testing';
import { AwsKmsKeyManager } from './aws-kms-key-manager.js';
import { AwsKmsKeyManagerOptions } from './options.js';
import { setEnvironment } from './testing/environment.fixture.js';
import { always, INTERNAL, oneInFiveThrottled, THROTTLED, type Fault } from './testing/fault-plan.fixture.js';
import { HastyClock } from './testing/hasty-clock.fixture.js';
import { enforce, readmePolicy } from './testing/iam-policy.fixture.js';
import { KmsServer } from './testing/kms-server.fixture.js';

const context: CallContext = { signal: new AbortController().signal };
const DATA = Buffer.from('data');
const ID = 'main.0192f0c0-0000-7000-8000-000000000000';
const OTHER_ID = 'main.0192f0c0-0000-7000-8000-000000000001';
const ALIAS = 'alias/parsec/test/main/0192f0c0-0000-7000-8000-000000000000';

let kms: KmsServer;
let clock: HastyClock;
let logger: RecordingLogger;
let manager: AwsKmsKeyManager;
const opened: AwsKmsKeyManager[] = [];

beforeEach(async () => {
  setEnvironment();
  kms = await KmsServer.start();
  clock = new HastyClock();
  logger = new RecordingLogger();
  manager = await open();
});

afterEach(async () => {
  for (const each of opened.splice(0)) await each.onApplicationShutdown();
  await kms.stop();
});

async function open(options: Readonly<Record<string, unknown>> = {}): Promise<AwsKmsKeyManager> {
  const plain = { alias_prefix: 'parsec/test', region: 'eu-central-1', endpoint: kms.url, ...options };
  const one = new AwsKmsKeyManager(checkOptions(AwsKmsKeyManagerOptions, plain), clock, logger);
  await one.onModuleInit();
  opened.push(one);
  return one;
}

/** A key that another program made, as KMS and its aliases show it. */
function foreignKey(alias: string, spec = 'ECC_NIST_P256', usage = 'SIGN_VERIFY'): ReturnType<KmsServer['store']['addKey']> {
  const key = kms.store.addKey(spec, usage);
  kms.store.aliases.set(alias, key.id);
  return key;
}

const ids = async (one: AwsKmsKeyManager = manager): Promise<readonly string[]> => (await one.keys(context)).map(({ id }) => id);
const operations = (): readonly string[] => kms.calls.map(({ operation }) => operation);

const HASHES: Partial<Record<SigningAlgorithm, string>> = { ES384: 'sha384' };

async function expectSigns({ id, publicKey }: ManagedKey, algorithm: SigningAlgorithm = 'ES256', data = DATA): Promise<void> {
  const key = createPublicKey({ key: { ...publicKey } as JsonWebKey, format: 'jwk' });
  const signature = await manager.sign(id, algorithm, data, context);
  const padding = algorithm === 'PS256' ? { padding: 6, saltLength: 32 } : {};
  expect(verify(HASHES[algorithm] ?? 'sha256', data, { key, dsaEncoding: 'ieee-p1363', ...padding }, signature)).toBe(true);
}

const refusal = (...parts: readonly string[]): object =>
  expect.objectContaining({ code: 'PARSEC_KEY_INVALID', message: expect.stringMatching(parts.join('.*')) });
const outage = (...parts: readonly string[]): object =>
  expect.objectContaining({ code: 'PARSEC_UNAVAILABLE', message: expect.stringMatching(parts.join('.*')) });

describe('a token', () => {
  let key: ManagedKey;

  beforeEach(async () => {
    key = await manager.generateKey(ID, 'EC_P256', context);
    kms.calls.length = 0;
  });

  it('costs one Sign call and no other, whatever its length', async () => {
    for (let token = 0; token < 10; token += 1) await expectSigns(key, 'ES256', Buffer.alloc(8_000, token));
    expect(operations()).toEqual(Array.from({ length: 10 }, () => 'Sign'));
  });

  it.each(['ES256', 'ES384', 'RS256', 'PS256'] as const)('is signed as %s says', async (algorithm) => {
    await expectSigns(await manager.generateKey(OTHER_ID, KEY_TYPE_OF[algorithm], context), algorithm);
  });

  it('is signed by a key that was never listed here, as after a restart', async () => {
    manager = await open();
    await expectSigns(key);
    await expectSigns(key);
    expect(operations()).toEqual(['ListAliases', 'DescribeKey', 'GetPublicKey', 'Sign', 'Sign']);
  });

  it.each([1, 2, 3])('is signed although KMS throttles every fifth call (plan %i)', async (seed) => {
    kms.plan = oneInFiveThrottled(seed, 'Sign');
    for (let token = 0; token < 100; token += 1) await expectSigns(key);
    expect([124, 125]).toContain(kms.count('Sign'));
  });

  it('is told to be unavailable after three attempts where KMS throttles every call, each pause up to twice as long as the one before', async () => {
    kms.plan = always(THROTTLED, 'Sign');
    for (let token = 0; token < 50; token += 1) {
      await expect(manager.sign(ID, 'ES256', DATA, context)).rejects.toEqual(outage('kms:Sign', ALIAS, 'throttled'));
    }
    expect(kms.count('Sign')).toBe(150);
    const [first, second] = [clock.pauses.filter((_, index) => index % 2 === 0), clock.pauses.filter((_, index) => index % 2 === 1)];
    expect([first.length, second.length]).toEqual([50, 50]);
    expect(Math.max(...first)).toBeLessThan(100);
    expect(Math.max(...second)).toBeLessThan(200);
    // Jitter: no two wait equally long.
    expect(new Set(clock.pauses).size).toBe(100);
    expect(manager.health()).toEqual({ status: 'down', detail: expect.stringContaining('throttled') });
  });

  it('is given up at once where the caller gives up during a pause, and KMS is known to be in trouble', async () => {
    kms.plan = always(THROTTLED, 'Sign');
    clock.pausesEnd = false;
    const caller = new AbortController();
    clock.onPause = () => caller.abort(new Error('the caller has gone'));
    await expect(manager.sign(ID, 'ES256', DATA, caller)).rejects.toThrow('the caller has gone');
    expect(kms.count('Sign')).toBe(1);
    expect(clock.scheduled.size).toBe(0);
    expect(manager.health().status).toBe('down');
  });

  it('is told to be unavailable after three attempts that hang', async () => {
    kms.plan = always('hang', 'Sign');
    kms.onHang = () => clock.expire();
    await expect(manager.sign(ID, 'ES256', DATA, context)).rejects.toEqual(outage('kms:Sign', 'not answered in time'));
    expect(kms.count('Sign')).toBe(3);
  });

  it('is given up at once where the caller gives up while KMS hangs, which says nothing of KMS', async () => {
    const caller = new AbortController();
    kms.plan = always('hang', 'Sign');
    kms.onHang = () => caller.abort(new Error('the caller has gone'));
    await expect(manager.sign(ID, 'ES256', DATA, caller)).rejects.toThrow('the caller has gone');
    expect(manager.health()).toEqual({ status: 'up' });
  });

  it.each<[string, Fault]>([
    ['an internal error', INTERNAL],
    ['an error without a name', { status: 503, type: '' }],
    ['a timeout inside KMS', { status: 400, type: 'DependencyTimeoutException' }],
    ['a limit', { status: 400, type: 'LimitExceededException' }],
    ['a broken connection', 'reset'],
    ['an answer that is lost', 'done_and_reset'],
  ])('outlives %s', async (_what, fault) => {
    kms.plan = (operation, count) => (operation === 'Sign' && count < 3 ? fault : undefined);
    await expectSigns(key);
    expect(kms.count('Sign')).toBe(3);
    kms.plan = always(fault, 'Sign');
    await expect(manager.sign(ID, 'ES256', DATA, context)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
    expect(kms.count('Sign')).toBe(6);
  });

  it.each(['AccessDeniedException', 'NotFoundException', 'DisabledException', 'KMSInvalidStateException', 'InvalidKeyUsageException'])(
    'is refused at the first %s, with the permission and the alias, and without what KMS repeats of the request',
    async (type) => {
      kms.plan = always({ status: 400, type }, 'Sign');
      const error: unknown = await manager.sign(ID, 'ES256', DATA, context).catch((thrown: unknown) => thrown);
      expect(error).toEqual(refusal('kms:Sign', ALIAS, type, 'request-1'));
      expect(inspect(error)).not.toContain('token-of-the-session');
      expect(kms.count('Sign')).toBe(1);
    },
  );

  it('is refused where its key was disabled, and signed once that is enabled again', async () => {
    kms.store.named(ALIAS).state = 'Disabled';
    await expect(manager.sign(ID, 'ES256', DATA, context)).rejects.toEqual(refusal('the key is disabled'));
    expect(manager.health().status).toBe('down');
    kms.store.named(ALIAS).state = 'Enabled';
    await expectSigns(key);
    expect(manager.health()).toEqual({ status: 'up' });
  });

  it('is refused where KMS answers with what is no signature', async () => {
    for (const broken of [Buffer.alloc(0), Buffer.alloc(64, 1), Buffer.from('3006020101020101ff', 'hex')]) {
      kms.store.onSignature = () => broken;
      await expect(manager.sign(ID, 'ES256', DATA, context)).rejects.toEqual(refusal('not well-formed'));
    }
  });

  it.each(['ExpiredTokenException', 'UnrecognizedClientException', 'InvalidSignatureException'])(
    'waits for other credentials after %s, without a word of the old ones',
    async (type) => {
      kms.plan = always({ status: 400, type }, 'Sign');
      await expect(manager.sign(ID, 'ES256', DATA, context)).rejects.toEqual(outage('kms:Sign', 'no valid AWS credentials', type));
      expect(kms.count('Sign')).toBe(1);
      expect(manager.health()).toEqual({ status: 'down', detail: expect.not.stringContaining('token-of-the-session') });
    },
  );
});

describe('without credentials', () => {
  it('an instance opens, is unhealthy, and works once there are some', async () => {
    setEnvironment({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_SESSION_TOKEN: undefined });
    manager = await open();
    await expect(manager.keys(context)).rejects.toEqual(outage('no valid AWS credentials'));
    expect(manager.health().status).toBe('down');
    expect(kms.calls).toEqual([]);
    setEnvironment();
    expect(await ids()).toEqual([]);
    expect(manager.health()).toEqual({ status: 'up' });
  });
});

describe('while KMS is out', () => {
  it('an instance opens without asking it, is unhealthy, and works once KMS is back', async () => {
    kms.plan = always('reset', 'ListAliases');
    manager = await open();
    expect(kms.calls).toEqual([]);
    expect(manager.health().status).toBe('down');
    await expect(manager.keys(context)).rejects.toEqual(outage('kms:ListAliases'));
    expect(manager.health()).toEqual({ status: 'down', detail: expect.stringContaining('kms:ListAliases') });
    kms.plan = () => undefined;
    expect(await ids()).toEqual([]);
    expect(manager.health()).toEqual({ status: 'up' });
  });

  it('closing ends what waits for it', async () => {
    kms.plan = always('hang', 'ListAliases');
    const hanging = new Promise<void>((resolve) => {
      kms.onHang = resolve;
    });
    const listing = manager.keys(context).catch((error: unknown) => error);
    await hanging;
    await manager.onApplicationShutdown();
    expect(await listing).toEqual(refusal('closed'));
    await expect(manager.keys(context)).rejects.toEqual(refusal('closed'));
  });
});

describe('the keys', () => {
  it('are those whose aliases are under the prefix and have the form of identifiers, on however many pages', async () => {
    kms.store.pageSize = 2;
    for (const alias of [
      'alias/aws/s3',
      'alias/parsec/test',
      'alias/parsec/test/main',
      'alias/parsec/tests/main/1',
      'alias/parsec/test/a/b/c',
    ]) {
      foreignKey(alias);
    }
    for (const name of ['main/1', 'main/2', 'other/1']) foreignKey(`alias/parsec/test/${name}`);
    expect(await ids()).toEqual(['main.1', 'main.2', 'other.1']);
    expect(kms.count('ListAliases')).toBe(4);
    expect(kms.count('DescribeKey')).toBe(3);
  });

  it('are none that are disabled, pending deletion, gone, or not of parsec', async () => {
    foreignKey('alias/parsec/test/main/1').state = 'Disabled';
    foreignKey('alias/parsec/test/main/2').state = 'PendingDeletion';
    foreignKey('alias/parsec/test/main/3', 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT');
    foreignKey('alias/parsec/test/main/4', 'RSA_2048', 'ENCRYPT_DECRYPT');
    foreignKey('alias/parsec/test/main/5', 'ECC_SECG_P256K1');
    kms.store.aliases.set('alias/parsec/test/main/6', 'gone');
    foreignKey('alias/parsec/test/main/7');
    expect(await ids()).toEqual(['main.7']);
    for (const name of ['main.1', 'main.2', 'main.3', 'main.6']) {
      await expect(manager.sign(name, 'ES256', DATA, context)).rejects.toEqual(refusal('there is no key'));
    }
  });

  it('are asked for their public halves once, and for their state at every listing', async () => {
    const key = foreignKey('alias/parsec/test/main/1');
    for (let listing = 0; listing < 3; listing += 1) expect(await ids()).toEqual(['main.1']);
    expect([kms.count('GetPublicKey'), kms.count('DescribeKey')]).toEqual([1, 3]);
    key.state = 'Disabled';
    expect(await ids()).toEqual([]);
    key.state = 'Enabled';
    expect(await ids()).toEqual(['main.1']);
  });

  it('are told to be unknown rather than to be none where KMS may not be asked', async () => {
    foreignKey('alias/parsec/test/main/1');
    for (const operation of ['ListAliases', 'DescribeKey', 'GetPublicKey']) {
      kms.plan = always({ status: 400, type: 'AccessDeniedException' }, operation);
      await expect(manager.keys(context)).rejects.toEqual(refusal(`lack the permission kms:${operation}`));
      expect(manager.health().status).toBe('down');
    }
  });

  it('hold a new one also while the aliases do not show it yet', async () => {
    const key = await manager.generateKey(ID, 'EC_P256', context);
    const { id } = kms.store.named(ALIAS);
    kms.store.aliases.delete(ALIAS);
    expect(await manager.keys(context)).toEqual([key]);
    await expect(manager.generateKey(ID, 'EC_P256', context)).rejects.toEqual(refusal('is taken'));
    kms.store.aliases.set(ALIAS, id);
    expect(await manager.keys(context)).toEqual([key]);
    kms.store.aliases.delete(ALIAS);
    expect(await manager.keys(context)).toEqual([]);
  });

  it('hold no deleted one also while KMS shows it still', async () => {
    await manager.generateKey(ID, 'EC_P256', context);
    const key = kms.store.named(ALIAS);
    await manager.deleteKey(ID, context);
    key.state = 'Enabled';
    kms.store.aliases.set(ALIAS, key.id);
    expect(await ids()).toEqual([]);
    await expect(manager.sign(ID, 'ES256', DATA, context)).rejects.toEqual(refusal('there is no key'));
    expect(await ids(await open())).toEqual([ID]);
  });
});

describe('a new key', () => {
  it('is for signatures, and says whose it is', async () => {
    manager = await open({ tags: { team: 'payments' } });
    await manager.generateKey(ID, 'EC_P384', context);
    expect(kms.calls.find(({ operation }) => operation === 'CreateKey')?.input).toEqual({
      KeyUsage: 'SIGN_VERIFY',
      KeySpec: 'ECC_NIST_P384',
      Description: `parsec signing key ${ID}`,
      Tags: [
        { TagKey: 'parsec-alias-prefix', TagValue: 'parsec/test' },
        { TagKey: 'parsec-key', TagValue: ID },
        { TagKey: 'team', TagValue: 'payments' },
      ],
    });
    expect(kms.store.aliases.has(ALIAS)).toBe(true);
  });

  it('is not made under an identifier that another instance has taken', async () => {
    await (await open()).generateKey(ID, 'EC_P256', context);
    await expect(manager.generateKey(ID, 'EC_P256', context)).rejects.toEqual(refusal('is taken'));
    expect(kms.store.keys.size).toBe(1);
  });

  it('is deleted again where another one takes its alias first', async () => {
    manager = await open({ deletion_window: 9 });
    kms.plan = (operation) => {
      if (operation === 'CreateAlias') foreignKey(ALIAS);
      return undefined;
    };
    await expect(manager.generateKey(ID, 'EC_P256', context)).rejects.toEqual(refusal('kms:CreateAlias', ALIAS, 'taken'));
    const [made, winner] = [...kms.store.keys.values()];
    expect([made?.state, made?.deletionWindow, winner?.state]).toEqual(['PendingDeletion', 9, 'Enabled']);
    expect(await ids()).toEqual([ID]);
  });

  it('is kept where only the answer to the making of its alias was lost', async () => {
    kms.plan = (operation, count) => (operation === 'CreateAlias' && count === 1 ? 'done_and_reset' : undefined);
    const key = await manager.generateKey(ID, 'EC_P256', context);
    expect(kms.count('CreateAlias')).toBe(2);
    expect(kms.store.named(ALIAS).state).toBe('Enabled');
    await expectSigns(key);
  });

  it.each(['GetPublicKey', 'CreateAlias'])('is deleted again where %s is not allowed', async (operation) => {
    kms.plan = always({ status: 400, type: 'AccessDeniedException' }, operation);
    await expect(manager.generateKey(ID, 'EC_P256', context)).rejects.toEqual(refusal(`lack the permission kms:${operation}`));
    expect([...kms.store.keys.values()].map(({ state }) => state)).toEqual(['PendingDeletion']);
    expect(await ids()).toEqual([]);
  });

  it('that can neither be used nor deleted is told of by name', async () => {
    kms.plan = always({ status: 400, type: 'AccessDeniedException' }, 'CreateAlias', 'ScheduleKeyDeletion');
    await expect(manager.generateKey(ID, 'EC_P256', context)).rejects.toEqual(refusal('kms:CreateAlias'));
    const [made] = kms.store.keys.keys();
    expect(logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', facts: expect.objectContaining({ kms_key: made }) }));
  });

  it('is not asked for twice where it may have been made, and is where it certainly was not', async () => {
    kms.plan = always('done_and_reset', 'CreateKey');
    await expect(manager.generateKey(ID, 'EC_P256', context)).rejects.toEqual(outage('kms:CreateKey'));
    expect([kms.count('CreateKey'), kms.store.keys.size]).toEqual([1, 1]);
    kms.plan = (operation, count) => (operation === 'CreateKey' && count < 4 ? THROTTLED : undefined);
    await manager.generateKey(ID, 'EC_P256', context);
    expect(kms.count('CreateKey')).toBe(4);
  });

  it('is waited for until all of KMS knows it', async () => {
    const unknown: Fault = { status: 400, type: 'NotFoundException' };
    kms.plan = (operation, count) => (['GetPublicKey', 'CreateAlias'].includes(operation) && count < 3 ? unknown : undefined);
    await expectSigns(await manager.generateKey(ID, 'EC_P256', context));
  });

  it('is finished also where the caller gives up, so that the next listing finds it', async () => {
    const caller = new AbortController();
    const named = new Promise<void>((resolve) => {
      kms.plan = (operation) => {
        if (operation === 'CreateKey') caller.abort(new Error('the caller has gone'));
        if (operation === 'CreateAlias') resolve();
        return undefined;
      };
    });
    await expect(manager.generateKey(ID, 'EC_P256', caller)).rejects.toThrow('the caller has gone');
    await named;
    expect(await ids()).toEqual([ID]);
  });
});

describe('a deleted key', () => {
  it('ends after the window, and its alias at once', async () => {
    manager = await open({ deletion_window: 30 });
    await manager.generateKey(ID, 'EC_P256', context);
    const key = kms.store.named(ALIAS);
    await manager.deleteKey(ID, context);
    expect([key.state, key.deletionWindow, kms.store.aliases.size]).toEqual(['PendingDeletion', 30, 0]);
  });

  it('is deleted also by an instance that never listed it', async () => {
    await (await open()).generateKey(ID, 'EC_P256', context);
    await manager.deleteKey(ID, context);
    expect(kms.store.aliases.size).toBe(0);
  });

  it.each(['ScheduleKeyDeletion', 'DeleteAlias'])('can be deleted again after %s has failed', async (operation) => {
    await manager.generateKey(ID, 'EC_P256', context);
    const key = kms.store.named(ALIAS);
    kms.plan = always({ status: 400, type: 'AccessDeniedException' }, operation);
    await expect(manager.deleteKey(ID, context)).rejects.toEqual(refusal(`lack the permission kms:${operation}`));
    kms.plan = () => undefined;
    await manager.deleteKey(ID, context);
    expect([key.state, kms.store.aliases.size]).toEqual(['PendingDeletion', 0]);
  });

  it('is deleted although the answers were lost', async () => {
    await manager.generateKey(ID, 'EC_P256', context);
    const key = kms.store.named(ALIAS);
    kms.plan = (operation, count) =>
      ['ScheduleKeyDeletion', 'DeleteAlias'].includes(operation) && count === 1 ? 'done_and_reset' : undefined;
    await manager.deleteKey(ID, context);
    expect([key.state, kms.store.aliases.size]).toEqual(['PendingDeletion', 0]);
  });

  it('was none where nobody knows the identifier', async () => {
    await manager.deleteKey(ID, context);
    expect(operations()).toEqual(['ListAliases']);
  });
});

describe('the policy in the README', () => {
  const actions = readmePolicy().flatMap(({ Action }) => Action);

  it('allows the whole life of a key, and names nothing beside', async () => {
    enforce(readmePolicy(), kms);
    manager = await open({ alias_prefix: 'parsec/prod', tags: { team: 'payments' } });
    const key = await manager.generateKey(ID, 'EC_P256', context);
    expect(await manager.keys(context)).toEqual([key]);
    await expectSigns(key);
    await manager.deleteKey(ID, context);
    const used = new Set([...operations().map((operation) => `kms:${operation}`), 'kms:TagResource']);
    expect(new Set(actions)).toEqual(used);
  });

  it.each(actions)('would not do without %s', async (action) => {
    enforce(
      readmePolicy().map((statement) => ({ ...statement, Action: [statement.Action].flat().filter((one) => one !== action) })),
      kms,
    );
    manager = await open({ alias_prefix: 'parsec/prod' });
    const life = async (): Promise<void> => {
      await manager.generateKey(ID, 'EC_P256', context);
      await manager.keys(context);
      await manager.sign(ID, 'ES256', DATA, context);
      await manager.deleteKey(ID, context);
    };
    const permission = action === 'kms:TagResource' ? 'kms:CreateKey' : action;
    await expect(life()).rejects.toEqual(refusal(`lack the permission ${permission}`));
  });

  it('allows nothing to a parsec of another prefix, nor with the keys of another', async () => {
    enforce(readmePolicy(), kms);
    await expect(manager.generateKey(ID, 'EC_P256', context)).rejects.toEqual(refusal('lack the permission kms:CreateKey'));
    foreignKey('alias/parsec/prod/main/1');
    manager = await open({ alias_prefix: 'parsec/prod' });
    await expect(manager.keys(context)).rejects.toEqual(refusal('lack the permission kms:DescribeKey'));
  });
});
