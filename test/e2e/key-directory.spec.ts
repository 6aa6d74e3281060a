import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pass } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { describeWithMounts, SmallFileSystem, unmountAll } from '../support/file-system.js';
import { Lab } from '../support/lab.js';
import { makeDirectory, PARSEC, startParsec, type LogLine, type ParsecServer } from '../support/parsec-server.js';

const HELD_UP = 'the rotation of a signer is held up; its key goes on signing';

/** What happens to the directories in which keys and their public record are. Keys rotate every two seconds. */
describe('the disk', () => {
  let lab: Lab;
  let place: Awaited<ReturnType<typeof makeDirectory>>;
  let parsec: ParsecServer | undefined;
  const path = (name: string): string => join(place.directory, name);

  beforeAll(async () => {
    lab = await Lab.open();
  });

  beforeEach(async () => {
    place = await makeDirectory();
    for (const name of ['keys', 'state']) await mkdir(path(name), { mode: 0o700 });
  });

  afterEach(async () => {
    await parsec?.stop();
    parsec = undefined;
    unmountAll();
    await place.remove();
  });

  const configuration = (url: string): object => ({
    ...lab.configuration(url),
    key_managers: { local: { type: 'file', options: { directory: 'keys' } } },
    signers: { main: { key_manager: 'local', rotation: { every: '2s', publish_ahead: '1s' } } },
    state: { type: 'memory', directory: 'state' },
  });

  async function start(): Promise<ParsecServer> {
    parsec = await startParsec(configuration, place.directory);
    return parsec;
  }

  /** Starts what is expected not to serve. */
  async function startInVain(): Promise<{ code: number | null; said: string }> {
    const file = path('parsec.yaml');
    await writeFile(file, JSON.stringify(configuration('http://127.0.0.1:8080')));
    const child = spawn(process.execPath, [PARSEC, 'serve', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    return { code: code as number | null, said };
  }

  /** Exchanges a token, which verifies. @returns the `kid` of its key */
  async function expectToken({ url, post }: ParsecServer): Promise<string> {
    const { status, body } = await post(await lab.form(url));
    expect(status).toBe(200);
    const token = String(body['access_token']);
    const jwks = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
    await jwtVerify(token, createLocalJWKSet(jwks));
    return String(decodeProtectedHeader(token).kid);
  }

  /** A line that is logged from now on. What is waited for in vain ends with everything that was logged instead. */
  function nextLine({ log, logged, output }: ParsecServer, fits: (line: LogLine) => boolean): Promise<LogLine> {
    const seen = new Set(log);
    const never = pass(45_000, undefined, { ref: false }).then(() => {
      throw new Error(`no such line came:\n${output()}`);
    });
    return Promise.race([logged((line) => !seen.has(line) && fits(line)), never]);
  }

  const rotated = (server: ParsecServer): Promise<LogLine> => nextLine(server, ({ msg }) => msg === 'another key signs');

  async function failedRotations({ managementUrl }: ParsecServer): Promise<number> {
    const metrics = await (await fetch(`${managementUrl}/metrics`)).text();
    return Number(/^parsec_signer_rotations_total\{signer="main",outcome="failed"\} (\d+)/m.exec(metrics)?.[1] ?? 0);
  }

  /** Damages something, sees the signer sign on, says why it does not rotate, and rotate once that is repaired. */
  async function expectHeldUp(server: ParsecServer, problem: string, damage: () => unknown, repair: () => unknown): Promise<void> {
    await expectToken(server);
    const failures = await failedRotations(server);
    const line = nextLine(server, ({ msg }) => msg === HELD_UP);
    await damage();
    expect(await line).toMatchObject({ level: 'warn', signer: 'main', problem: expect.stringContaining(problem) });
    const kid = await expectToken(server);
    expect(await failedRotations(server)).toBeGreaterThan(failures);
    // Two failures, and it signs on.
    await nextLine(server, ({ msg }) => msg === HELD_UP);
    await expectToken(server);
    expect((await fetch(`${server.managementUrl}/health/ready`)).status).toBe(200);
    await repair();
    // The key that was published before the damage may have taken over meanwhile; one that came after it never can.
    await rotated(server);
    await rotated(server);
    expect(await expectToken(server)).not.toBe(kid);
  }

  describe('while parsec runs', () => {
    describeWithMounts('on a file system of its own', () => {
      it.each(['keys', 'state'])('that is full (%s) holds up the rotation until there is room again', async (name) => {
        const files = SmallFileSystem.mount(path(name));
        const server = await start();
        await expectHeldUp(
          server,
          '(ENOSPC)',
          () => files.fill(),
          () => files.empty(),
        );
      });

      it.each(['keys', 'state'])('that is read-only (%s) holds up the rotation until it is not', async (name) => {
        const files = SmallFileSystem.mount(path(name));
        const server = await start();
        await expectHeldUp(
          server,
          '(EROFS)',
          () => files.remount('ro'),
          () => files.remount('rw'),
        );
      });
    });

    it.each(['keys', 'state'])(
      'that has a file in the place of the directory (%s) holds up the rotation until that is back',
      async (name) => {
        await expectHeldUp(
          await start(),
          '(ENOTDIR)',
          async () => {
            await rename(path(name), path('away'));
            await writeFile(path(name), '');
          },
          async () => {
            await rm(path(name));
            await rename(path('away'), path(name));
          },
        );
      },
    );

    it('that has lost the key directory holds up the rotation until there is one, and no key is missed', async () => {
      await expectHeldUp(
        await start(),
        '(ENOENT)',
        () => rm(path('keys'), { recursive: true }),
        () => mkdir(path('keys'), { mode: 0o700 }),
      );
    });

    it('that has lost the state directory gets another one, with everything in it', async () => {
      const server = await start();
      await rotated(server);
      const kid = await expectToken(server);
      await rm(path('state'), { recursive: true });
      await rotated(server);
      const { ring } = JSON.parse(await readFile(path('state/main.json'), 'utf8')) as { ring: { keys: { kid: string }[] } };
      expect(ring.keys.map((key) => key.kid)).toContain(kid);
    });

    it('that gets a bad key file changes nothing, and the next start is refused', async () => {
      const server = await start();
      await writeFile(path('keys/main.bad.pem'), 'garbage', { mode: 0o600 });
      await rotated(server);
      await rotated(server);
      await expectToken(server);
      await server.stop();
      parsec = undefined;
      expect(await startInVain()).toEqual({ code: 1, said: expect.stringContaining(`${path('keys/main.bad.pem')} is corrupt`) });
      await rm(path('keys/main.bad.pem'));
      await expectToken(await start());
    });
  });

  describe('at the start', () => {
    it.each([
      ['', 'state/main.json is corrupt: restore it, or move it away'],
      ['{"ring":', 'state/main.json is corrupt: restore it, or move it away'],
      ['{"ring": {"version": 1}}', 'signer "main": what is stored of the keys is not what parsec wrote'],
    ])('with a damaged state file (%j) is told, and the file left alone', async (damaged, sentence) => {
      await writeFile(path('state/main.json'), damaged, { mode: 0o600 });
      const { code, said } = await startInVain();
      expect([code, said]).toEqual([1, expect.stringContaining(sentence)]);
      expect(said).not.toMatch(/^\s+at /m);
      expect(await readFile(path('state/main.json'), 'utf8')).toBe(damaged);
      expect(await readdir(path('keys'))).toEqual([]);
    });

    it('with a file in the place of the state directory is told', async () => {
      await rm(path('state'), { recursive: true });
      await writeFile(path('state'), '');
      const { code, said } = await startInVain();
      expect([code, said]).toEqual([1, expect.stringMatching(/state\/main\.json could not be read \(ENOTDIR\)/)]);
      expect(said).not.toMatch(/^\s+at /m);
    });

    describeWithMounts('on a file system of its own', () => {
      it('with a state directory that cannot be written to is told', async () => {
        SmallFileSystem.mount(path('state')).remount('ro');
        const { code, said } = await startInVain();
        expect([code, said]).toEqual([1, expect.stringMatching(/state\/main\.json could not be written \(EROFS\)/)]);
        expect(said).not.toMatch(/^\s+at /m);
      });
    });

    it('without the key files that the state names is not ready, and heals once every verifier can know a new key', async () => {
      const before = await start();
      await rotated(before);
      const form = await lab.form(before.url);
      const token = String((await before.post(form)).body['access_token']);
      await before.stop();
      await rm(path('keys'), { recursive: true });

      const after = await start();
      const ready = async (): Promise<number> => (await fetch(`${after.managementUrl}/health/ready`)).status;
      expect(await ready()).toBe(503);
      const { status, body, headers } = await after.post(await lab.form(after.url));
      expect([status, body['error'], headers.get('retry-after')]).toEqual([503, 'temporarily_unavailable', expect.stringMatching(/^\d+$/)]);
      const jwks = (await (await fetch(`${after.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
      await jwtVerify(token, createLocalJWKSet(jwks));
      await after.logged(({ msg }) => msg === 'signer is ready');
      expect(await ready()).toBe(200);
      await expectToken(after);
    });
  });
});
