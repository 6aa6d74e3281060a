import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { always, oneInFiveThrottled, THROTTLED } from '../../plugins/key-manager-aws-kms/src/testing/fault-plan.fixture.js';
import { KmsServer } from '../../plugins/key-manager-aws-kms/src/testing/kms-server.fixture.js';
import { setFaults, Stub } from '../../plugins/key-manager-spire/src/testing/stub.js';
import { Lab } from '../support/lab.js';
import { makeDirectory, startParsec, type Answer, type LogLine, type ParsecServer } from '../support/parsec-server.js';
import { describeWith, peer } from './peers.js';
import { MOTO_ENVIRONMENT } from './support/moto.js';
import { deleteToken, initToken, PIN, SOFTHSM_PEERS } from './support/softhsm.js';

const KMS_OPERATIONS = ['ListAliases', 'CreateKey', 'CreateAlias', 'DescribeKey', 'GetPublicKey', 'Sign', 'ScheduleKeyDeletion'];

let lab: Lab;
let place: Awaited<ReturnType<typeof makeDirectory>> | undefined;
let parsec: ParsecServer | undefined;

beforeAll(async () => {
  lab = await Lab.open();
});

afterEach(async () => {
  await parsec?.stop();
  await place?.remove();
  [parsec, place] = [undefined, undefined];
});

/** Starts parsec with one key manager, in the directory of the run before it, if there was one. */
async function start(
  keyManager: { readonly type: string; readonly options: object },
  rotation = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<ParsecServer> {
  place ??= await makeDirectory();
  const configuration = (url: string): object => ({
    ...lab.configuration(url),
    key_managers: { remote: keyManager },
    signers: { main: { key_manager: 'remote', rotation } },
  });
  parsec = await startParsec(configuration, place.directory, environment);
  return parsec;
}

const exchange = async ({ url, post }: ParsecServer): Promise<Answer> => post(await lab.form(url));

const readiness = async ({ managementUrl }: ParsecServer): Promise<number> => (await fetch(`${managementUrl}/health/ready`)).status;

async function publishedKeys({ url }: ParsecServer): Promise<JSONWebKeySet> {
  const response = await fetch(`${url}/.well-known/jwks.json`);
  expect(response.status).toBe(200);
  return (await response.json()) as JSONWebKeySet;
}

/** Exchanges a token, which verifies. @returns the token and the `kid` of its key */
async function expectToken(server: ParsecServer): Promise<{ token: string; kid: string }> {
  const { status, body } = await exchange(server);
  expect(status).toBe(200);
  const token = String(body['access_token']);
  await jwtVerify(token, createLocalJWKSet(await publishedKeys(server)));
  return { token, kid: String(decodeProtectedHeader(token).kid) };
}

function expectUnavailable({ status, body, headers }: Answer): void {
  expect([status, body['error'], headers.get('retry-after')]).toEqual([503, 'temporarily_unavailable', expect.stringMatching(/^\d+$/)]);
}

/** A line that is logged from now on. */
function nextLine({ log, logged }: ParsecServer, fits: (line: LogLine) => boolean): Promise<LogLine> {
  const seen = new Set(log);
  return logged((line) => !seen.has(line) && fits(line));
}

/** Nothing but 503 is answered until parsec is unready, and the JWKS stays as it is. */
async function expectUnreadyInTheEnd(server: ParsecServer): Promise<void> {
  const keys = await publishedKeys(server);
  const unready = nextLine(server, ({ msg }) => msg === 'signer cannot sign');
  for (;;) {
    expectUnavailable(await exchange(server));
    expect(await publishedKeys(server)).toEqual(keys);
    if ((await Promise.race([pass(100, undefined), unready])) !== undefined) break;
  }
  expect(await readiness(server)).toBe(503);
  expectUnavailable(await exchange(server));
}

describe('AWS KMS that throttles', () => {
  let kms: KmsServer;

  beforeAll(async () => {
    kms = await KmsServer.start();
  });

  afterAll(() => kms.stop());

  it('one request of five costs no token; every request, 503 until it does not, while the JWKS is served', async () => {
    const options = { alias_prefix: 'parsec/faults', region: 'eu-central-1', endpoint: kms.url };
    const server = await start({ type: 'aws_kms', options }, {}, MOTO_ENVIRONMENT);
    const { kid } = await expectToken(server);

    const before = kms.count('Sign');
    kms.plan = oneInFiveThrottled(1, 'Sign');
    for (let count = 0; count < 50; count += 1) expect((await expectToken(server)).kid).toBe(kid);
    expect(kms.count('Sign') - before).toBeGreaterThanOrEqual(60);

    kms.plan = always(THROTTLED, ...KMS_OPERATIONS);
    expectUnavailable(await exchange(server));
    // A failure now and then is no reason to send nobody here any more.
    expect(await readiness(server)).toBe(200);
    await expectUnreadyInTheEnd(server);

    const ready = nextLine(server, ({ msg }) => msg === 'signer is ready');
    kms.plan = () => undefined;
    await ready;
    expect(await readiness(server)).toBe(200);
    expect((await expectToken(server)).kid).toBe(kid);
  });
});

describeWith(['spire-key-manager'], "a plugin on SPIRE's own SDK, under parsec", () => {
  const command = peer('spire-key-manager') ?? '';
  const isReady = ({ msg }: LogLine): boolean => msg === 'the plugin is ready';

  const startPlugin = async (): Promise<{ server: ParsecServer; pid: number }> => {
    const checksum = createHash('sha256').update(readFileSync(command)).digest('hex');
    const options = { command, checksum, trust_domain: 'example.org', plugin_configuration: 'keys_path = "keys.json"' };
    const server = await start({ type: 'spire', options });
    return { server, pid: Number((await server.logged(isReady))['pid']) };
  };

  it('that is killed is answered with 503 until it runs again, with the same key', async () => {
    const { server, pid } = await startPlugin();
    const { kid } = await expectToken(server);
    const [gone, back] = [nextLine(server, (line) => line['restart_in_ms'] !== undefined), nextLine(server, isReady)];
    process.kill(pid, 'SIGKILL');
    await gone;
    expectUnavailable(await exchange(server));
    await back;
    expect((await expectToken(server)).kid).toBe(kid);
    expect(await readiness(server)).toBe(200);
  });

  it('that hangs is answered with 503 until it goes on', async () => {
    const { server, pid } = await startPlugin();
    const { kid } = await expectToken(server);
    process.kill(pid, 'SIGSTOP');
    expectUnavailable(await exchange(server));
    expect((await publishedKeys(server)).keys.map((key) => key.kid)).toContain(kid);
    process.kill(pid, 'SIGCONT');
    expect((await expectToken(server)).kid).toBe(kid);
  });
});

describe('a SPIRE plugin that lies', () => {
  const stub = new Stub();
  afterAll(() => stub.remove());

  it('signs with another key than it shows: no such token leaves, and parsec is not ready until it tells the truth', async () => {
    const server = await start({ type: 'spire', options: stub.options() });
    await expectToken(server);
    await setFaults(server.directory, { SignData: 'wrong_key' });
    await expectUnreadyInTheEnd(server);
    const ready = nextLine(server, ({ msg }) => msg === 'signer is ready');
    await setFaults(server.directory, {});
    await ready;
    await expectToken(server);
    expect(await readiness(server)).toBe(200);
  });
});

describeWith(SOFTHSM_PEERS, 'SoftHSM under parsec', () => {
  const label = `parsec ${process.pid}`;
  beforeAll(() => initToken(label));
  afterAll(() => deleteToken(label));

  it('rotates its keys, and every token verifies, also after a restart', async () => {
    const keyManager = { type: 'pkcs11', options: { module: peer('softhsm2'), token_label: label, pin: PIN } };
    const rotation = { every: '2s', publish_ahead: '1s' };
    const first = await start(keyManager, rotation);
    const before = await expectToken(first);
    await nextLine(first, ({ msg }) => msg === 'another key signs');
    const after = await expectToken(first);
    expect(after.kid).not.toBe(before.kid);
    await jwtVerify(before.token, createLocalJWKSet(await publishedKeys(first)));
    await first.stop();
    const second = await start(keyManager, rotation);
    const keys = createLocalJWKSet(await publishedKeys(second));
    for (const { token } of [before, after]) await jwtVerify(token, keys);
    await expectToken(second);
  });
});
