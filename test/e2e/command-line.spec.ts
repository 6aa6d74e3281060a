import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort, QUICKSTART_CONFIG } from '@parsec/quickstart';
import { Lab } from '../support/lab.js';
import { makeDirectory, PARSEC, startParsec, type ParsecServer } from '../support/parsec-server.js';

const EXAMPLE = fileURLToPath(new URL('../../apps/parsec/example.yaml', import.meta.url));
const PLUGINS = fileURLToPath(new URL('../fixtures/plugins', import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const child = spawn(process.execPath, [PARSEC, ...args], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}

describe('the command line', () => {
  let lab: Lab;
  let place: Awaited<ReturnType<typeof makeDirectory>>;

  beforeAll(async () => {
    lab = await Lab.open();
    place = await makeDirectory();
  });

  afterAll(() => place.remove());

  async function write(configuration: object): Promise<string> {
    const file = join(place.directory, 'parsec.yaml');
    await writeFile(file, JSON.stringify(configuration, undefined, 2));
    return file;
  }

  const good = (): Record<string, unknown> => lab.configuration('https://tts.example');

  it('tells its version and how it is used', async () => {
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await run(['--help']);
    for (const command of ['serve', 'validate', 'plugins']) expect(help.stdout).toContain(command);
    expect((await run(['serve', '--help'])).stdout).toContain('--set <path=value>');
    expect((await run(['sreve'])).code).toBe(1);
  });

  it('lists the plugins in the box, and those a configuration brings', async () => {
    const inTheBox = await run(['plugins']);
    expect(inTheBox.stdout).toMatch(/key_manager +file +built-in/);
    const file = await write({ ...good(), plugins: [join(PLUGINS, 'greeting.js')] });
    expect((await run(['plugins', '-c', file])).stdout).toContain('acme/greeting');
  });

  it('validates the configurations that come with it, without opening a socket or writing a key', async () => {
    for (const file of [QUICKSTART_CONFIG, EXAMPLE]) {
      const { code, stdout } = await run(['validate', '-c', file]);
      expect([code, stdout]).toEqual([0, expect.stringContaining('is valid')]);
    }
    const directory = join(place.directory, 'untouched');
    await mkdir(directory);
    const file = join(directory, 'parsec.yaml');
    await writeFile(file, JSON.stringify({ ...good(), key_managers: { local: { type: 'file', options: { directory: './keys' } } } }));
    expect((await run(['validate', '-c', file])).code).toBe(0);
    expect(await readdir(directory)).toEqual(['parsec.yaml']);
  });

  it('tells every problem at once, each with its place and the nearest name, and no secret', async () => {
    const file = join(place.directory, 'broken.yaml');
    const text = `trust_domain: trust-domain.example
server:
  issuer: https://tts.example
  htpp_port: 8080
admin: { token: "\${env:SHORT_SECRET}" }
trust_stores:
  corporate:
    type: statik
key_managers:
  local: { type: memory }
  spare: { type: memory }
signers:
  main: { key_manager: locl }
authorizers:
  issuance: { type: allow_all }
token_issuers:
  txn_token:
    type: txn_token
    token_type: urn:ietf:params:oauth:token-type:txn_token
    signer: main
    authorizers: []
    ttl: 120
    claims:
      tctx: [{ cel: 'datasource("roles").x' }, { cel: '1 +' }]
`;
    await writeFile(file, text);
    const { code, stderr } = await run(['validate', '-c', file], { SHORT_SECRET: 'hunter2' });
    expect(code).toBe(1);
    for (const [line, path, hint] of [
      [4, 'server.htpp_port', 'http_port'],
      [5, 'admin.token', '16'],
      [8, 'trust_stores.corporate.type', 'static'],
      [11, 'key_managers.spare', ''],
      [13, 'signers.main.key_manager', 'local'],
      [21, 'token_issuers.txn_token.authorizers', ''],
      [22, 'token_issuers.txn_token.ttl', '30s'],
      [24, 'token_issuers.txn_token.claims.tctx', 'data source'],
      [24, 'token_issuers.txn_token.claims.tctx', 'CEL'],
    ] as const) {
      const found = stderr.split('\n').filter((candidate) => candidate.includes(`broken.yaml:${line}:`) && candidate.includes(path));
      expect([line, path, found.some((candidate) => candidate.includes(hint))]).toEqual([line, path, true]);
    }
    expect(stderr).not.toContain('hunter2');
  });

  it('takes values from flags before the environment before the file', async () => {
    const file = await write(good());
    const bad = await run(['validate', '-c', file], { PARSEC__SERVER__HTTP_PORT: '99999' });
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('PARSEC__SERVER__HTTP_PORT')]);
    expect((await run(['validate', '-c', file, '--set', 'server.http_port=9000'], { PARSEC__SERVER__HTTP_PORT: '99999' })).code).toBe(0);
  });

  it.each([
    ['other-version.js', 'version 2'],
    ['taken-name.js', 'taken'],
    ['throws.js', 'cannot be loaded'],
    ['missing.js', 'is not there'],
  ])('refuses the plugin %s by its place', async (plugin, message) => {
    const { code, stderr } = await run(['validate', '-c', await write({ ...good(), plugins: [join(PLUGINS, plugin)] })]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(stderr).toContain('plugins.0');
  });

  it('refuses hostile YAML soon and cheaply', async () => {
    const bombs = {
      aliases: `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 20 }, (_, index) => `b${index}: &b${index} [${`*${index === 0 ? 'a' : `b${index - 1}`},`.repeat(9)}]`).join('\n')}`,
      nesting: '['.repeat(500_000),
      mappings: '{a: '.repeat(200_000),
      dashes: '- '.repeat(400_000),
      scalar: `a: ${'x'.repeat(900_000)}`,
      prototype: '__proto__: { a: 1 }',
      size: '#'.repeat(3_000_000),
    };
    for (const [name, text] of Object.entries(bombs)) {
      const file = join(place.directory, `${name}.yaml`);
      await writeFile(file, text);
      const { code, stderr } = await run(['validate', '-c', file]);
      expect([name, code, stderr.includes('The configuration has')]).toEqual([name, 1, true]);
      expect(stderr.length).toBeLessThan(100_000);
    }
  });

  it('says in a sentence that a file is missing or a port is taken', async () => {
    const missing = await run(['serve', '-c', join(place.directory, 'nowhere.yaml')]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('nowhere.yaml')]);
    const parsec = await startParsec((url) => lab.configuration(url));
    const { port } = new URL(parsec.url);
    const taken = await run([
      'serve',
      '-c',
      await write(good()),
      '--set',
      `server.http_port=${port}`,
      '--set',
      `server.management_port=${await freePort()}`,
    ]);
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining(`:${port}: the port is in use already`)]);
    expect(await parsec.stop()).toBe(0);
  });

  describe('with another key manager', () => {
    const serve = (type: string, options: object, directory: string): Promise<ParsecServer> =>
      startParsec((url) => ({ ...lab.configuration(url), key_managers: { local: { type, options } } }), directory);

    async function kidOf(parsec: ParsecServer): Promise<string> {
      const { keys } = (await (await fetch(`${parsec.url}/v1/jwks.json`)).json()) as { keys: { kid: string }[] };
      expect(await parsec.stop('SIGINT')).toBe(0);
      return keys.map(({ kid }) => kid).join();
    }

    it('keeps its key over a restart where it is in a file', async () => {
      const first = await kidOf(await serve('file', { directory: './keys' }, place.directory));
      expect(await kidOf(await serve('file', { directory: './keys' }, place.directory))).toBe(first);
      const [file = ''] = await readdir(join(place.directory, 'keys'));
      expect((await stat(join(place.directory, 'keys', file))).mode & 0o777).toBe(0o600);
      expect(await readFile(join(place.directory, 'keys', file), 'utf8')).toContain('BEGIN PRIVATE KEY');
    });

    it('has a new key after a restart where it is in memory', async () => {
      expect(await kidOf(await serve('memory', {}, place.directory))).not.toBe(await kidOf(await serve('memory', {}, place.directory)));
    });

    it('does not start over a corrupt key, and does not replace it', async () => {
      const directory = join(place.directory, 'keys');
      const [name = ''] = await readdir(directory);
      await writeFile(join(directory, name), 'not a key');
      const file = await write({ ...good(), key_managers: { local: { type: 'file', options: { directory: './keys' } } } });
      const { code, stderr } = await run(['serve', '-c', file]);
      expect([code, stderr]).toEqual([1, expect.stringContaining(name)]);
      expect(await readFile(join(directory, name), 'utf8')).toBe('not a key');
    });
  });
});
