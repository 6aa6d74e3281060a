import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import spire from '@parsec/key-manager-spire';
import type { CallContext, KeyManager } from '@parsec/plugin-sdk';
import {
  describeContract,
  withInstance,
  type ContractFixture,
  type FakeClock,
  type LogLine,
  type RecordingLogger,
} from '@parsec/plugin-testing';
import { compactVerify, importJWK } from 'jose';
import { describeWith, peer } from './peers.js';

const context: CallContext = { signal: new AbortController().signal };
const ID = 'main.0192f0c0-0000-7000-8000-000000000000';
/** Longer than any pause before a restart. */
const RESTART = 30_000;
/** Of three health checks without an answer, the fourth tick is the one that counts the third. */
const HEALTH_CHECKS = 20_000;
const SECRET = 'correct-horse-battery-staple';

interface Opened {
  readonly manager: KeyManager;
  readonly directory: string;
  readonly clock: FakeClock;
  readonly logger: RecordingLogger;
}

describeWith(['spire-key-manager'], "a plugin on SPIRE's own SDK", () => {
  const command = peer('spire-key-manager') ?? '';
  const checksum = createHash('sha256').update(readFileSync(command)).digest('hex');
  const options = { command, checksum, trust_domain: 'example.org', plugin_configuration: 'keys_path = "keys.json"' };
  let place = '';

  const fixture: ContractFixture<'key_manager'> = {
    plugin: spire,
    options,
    invalidOptions: [{ ...options, trust_domain: '' }],
    unopenableOptions: [
      { ...options, checksum: '0'.repeat(64) },
      { ...options, plugin_configuration: `keys_path = ["${SECRET}"]` },
      { ...options, plugin_configuration: `keys_path = "${SECRET}` },
    ],
    secrets: [SECRET],
    prepare(directory) {
      place = directory;
    },
    async whileStalled(calls) {
      const pids = processesIn(place);
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      try {
        await calls();
      } finally {
        for (const pid of pids) process.kill(pid, 'SIGCONT');
      }
    },
    cannot: { 'a deleted key is gone, and the others stay': 'the protocol of SPIRE key managers has no way to delete a key' },
  };

  const withPlugin = (run: (opened: Opened) => Promise<void>, configuration = options.plugin_configuration): Promise<void> =>
    withInstance({ ...fixture, options: { ...options, plugin_configuration: configuration } }, ({ api }, { directory, clock, logger }) =>
      run({ manager: api, directory, clock, logger }),
    );

  describeContract(fixture);

  it.each([
    ['EC_P256', 'ES256'],
    ['EC_P384', 'ES384'],
    ['RSA_2048', 'RS256'],
    ['RSA_2048', 'PS256'],
  ] as const)('signs tokens with %s that jose verifies for %s', (type, alg) =>
    withPlugin(async ({ manager }) => {
      const { publicKey } = await manager.generateKey(ID, type, context);
      const input = [{ alg }, { sub: 'alice' }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      const signature = await manager.sign(ID, alg, Buffer.from(input), context);
      const key = await importJWK({ ...publicKey } as Parameters<typeof importJWK>[0], alg);
      const { payload } = await compactVerify(`${input}.${Buffer.from(signature).toString('base64url')}`, key);
      expect(JSON.parse(Buffer.from(payload).toString())).toEqual({ sub: 'alice' });
    }),
  );

  it('keeps every one of many keys apart, and signs with them at the same time', () =>
    withPlugin(async ({ manager }) => {
      const ids = Array.from({ length: 20 }, (_, index) => `main.${index}`);
      const keys = await Promise.all(ids.map((id) => manager.generateKey(id, 'EC_P256', context)));
      expect((await manager.keys(context)).map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      // What is returned has been verified against the key of that identifier.
      const signatures = await Promise.all(keys.map(({ id }) => manager.sign(id, 'ES256', Buffer.from(id), context)));
      expect(new Set(signatures.map((signature) => Buffer.from(signature).toString('hex'))).size).toBe(20);
    }));

  it('is started again after kill -9, and signs with the same key', () =>
    withPlugin(async (opened) => {
      const { manager } = opened;
      const made = await manager.generateKey(ID, 'EC_P256', context);
      kill(opened, 'SIGKILL');
      await until(() => manager.health?.().status === 'down');
      await expect(manager.sign(ID, 'ES256', Buffer.from('data'), context)).rejects.toMatchObject({ code: 'PARSEC_UNAVAILABLE' });
      await restarted(opened);
      await expect(manager.sign(ID, 'ES256', Buffer.from('data'), context)).resolves.toHaveLength(64);
      expect(await manager.keys(context)).toEqual([made]);
    }));

  it('that keeps its keys in memory has lost them after kill -9, which is told', () =>
    withPlugin(async (opened) => {
      const { manager } = opened;
      await manager.generateKey(ID, 'EC_P256', context);
      kill(opened, 'SIGKILL');
      await restarted(opened);
      await expect(manager.sign(ID, 'ES256', Buffer.from('data'), context)).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
      expect(await manager.keys(context)).toEqual([]);
    }, ''));

  it('never has a signature taken that another key made', () =>
    withPlugin(async ({ manager }) => {
      for (const [id, type, algorithm] of [
        ['main.1', 'EC_P256', 'ES256'],
        ['main.2', 'EC_P384', 'ES384'],
        ['main.3', 'RSA_2048', 'RS256'],
        ['main.4', 'RSA_2048', 'PS256'],
      ] as const) {
        await manager.generateKey(id, type, context);
        await expect(manager.sign(id, algorithm, Buffer.from('data'), context)).rejects.toMatchObject({ code: 'PARSEC_KEY_INVALID' });
      }
    }, 'wrong_key = true'));

  it('that stands still is unhealthy, and healthy again once it goes on', () =>
    withPlugin(async (opened) => {
      const { manager, clock } = opened;
      kill(opened, 'SIGSTOP');
      clock.advance(HEALTH_CHECKS / 2);
      expect(manager.health?.()).toMatchObject({ status: 'down' });
      kill(opened, 'SIGCONT');
      await until(() => manager.health?.().status === 'up');
      await expect(manager.generateKey(ID, 'EC_P256', context)).resolves.toMatchObject({ id: ID });
    }));

  it('that stands still for long is killed and started again', () =>
    withPlugin(async (opened) => {
      const { manager, clock } = opened;
      await manager.generateKey(ID, 'EC_P256', context);
      kill(opened, 'SIGSTOP');
      const abort = new AbortController();
      const given = codeOf(manager.sign(ID, 'ES256', Buffer.from('data'), { signal: abort.signal }));
      const patient = codeOf(manager.sign(ID, 'ES256', Buffer.from('data'), context));
      abort.abort({ code: 'given up' });
      expect(await given).toBe('given up');
      clock.advance(HEALTH_CHECKS);
      expect(await patient).toBe('PARSEC_UNAVAILABLE');
      await restarted(opened);
      await expect(manager.sign(ID, 'ES256', Buffer.from('data'), context)).resolves.toHaveLength(64);
    }));

  it('has what it logs and prints in the log', () =>
    withPlugin(async ({ logger }) => {
      const find = (wanted: string): LogLine | undefined => logger.lines.find(({ message }) => message === wanted);
      // They come by two ways, neither of which is that of the calls.
      await until(() => find('plugin: printed by the plugin') !== undefined && find('plugin: Configured') !== undefined);
      const facts = { plugin: expect.objectContaining({ trust_domain: 'example.org', keys: 0 }) };
      expect(find('plugin: Configured')).toMatchObject({ level: 'warn', facts });
    }));

  describe('closed', () => {
    it('leaves neither its process nor its socket', async () => {
      const left: (() => boolean)[] = [];
      await withPlugin(async ({ directory, logger }) => {
        const pid = pidOf(logger);
        const temporary = /TMPDIR=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1] ?? '';
        expect(readdirSync(temporary).some((name) => name.startsWith('plugin'))).toBe(true);
        left.push(
          () => existsSync(temporary),
          () => processesIn(directory).length > 0,
        );
        expect(left.map((isLeft) => isLeft())).toEqual([true, true]);
      });
      expect(left.map((isLeft) => isLeft())).toEqual([false, false]);
    });
  });
});

/** The processes that run in a directory: a plugin runs in that of the configuration file. */
function processesIn(directory: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      return readlinkSync(join('/proc', String(pid), 'cwd')) === realpathSync(directory);
    } catch {
      // Gone meanwhile, or somebody else's.
      return false;
    }
  });
}

function pidOf({ lines }: RecordingLogger): number {
  return Number(lines.findLast(({ message }) => message === 'the plugin is ready')?.facts['pid']);
}

function kill({ logger }: Opened, signal: NodeJS.Signals): void {
  process.kill(pidOf(logger), signal);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

async function restarted({ manager, clock, logger }: Opened): Promise<void> {
  await until(() => logger.lines.at(-1)?.facts['restart_in_ms'] !== undefined);
  clock.advance(RESTART);
  await until(() => manager.health?.().status === 'up');
}

/** The code of the error that a call ends with. */
function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => (error as { code?: unknown }).code,
  );
}
