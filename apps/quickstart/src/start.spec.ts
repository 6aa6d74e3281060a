import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { freePort } from './ports.js';

/** A start takes seconds on a busy machine. */
const TIMEOUT = 60_000;
const running = new Set<ChildProcessWithoutNullStreams>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

describe('npm start', () => {
  test(
    'prints commands that work when pasted, and ends with 0',
    async () => {
      const quickstart = run('start', await freePorts());
      const screen = await outputUntil(quickstart, 'Ctrl-C');
      const [accessToken = '', answer = '', claims = '', jwks = ''] = (await paste(printedCommands(screen))).split('\n');
      expect(accessToken.split('.')).toHaveLength(3);
      expect(JSON.parse(answer)).toMatchObject({ token_type: 'N_A', scope: 'trade.stocks', expires_in: 60 });
      expect(JSON.parse(claims)).toMatchObject({ sub: 'demo:alice', tctx: { user: { roles: ['trader', 'auditor'] } } });
      expect(JSON.parse(jwks)).toMatchObject({ keys: [{ alg: 'ES256' }, { alg: 'ES256' }] });

      quickstart.kill('SIGINT');
      expect(await once(quickstart, 'exit')).toEqual([0, null]);
    },
    TIMEOUT,
  );

  test('says which port is busy and how to choose another', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as AddressInfo;
    const quickstart = run('start', await freePorts(), ['--set', `server.http_port=${port}`]);
    const [[code], sentence] = await Promise.all([once(quickstart, 'exit'), text(quickstart.stderr)]);
    occupant.close();
    expect(code).toBe(1);
    expect(sentence).toContain(`Port ${port} is in use.`);
    expect(sentence).toContain('PARSEC__SERVER__HTTP_PORT=');
  });

  test('with flags is parsec serve and nothing else', async () => {
    const child = run('start', {}, ['--config', 'absent.yaml']);
    const [[code], complaint] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
    expect(code).toBe(1);
    expect(complaint).toContain('absent.yaml');
  });
});

describe('npm run demo', () => {
  test(
    'walks the whole road, shows the verified token and a refusal, and ends with 0',
    async () => {
      const demo = run('demo', {});
      const [[code], shown] = await Promise.all([once(demo, 'exit'), text(demo.stdout)]);
      expect(shown).toContain('"typ": "txntoken+jwt"');
      expect(shown).toContain('"sub": "demo:alice"');
      expect(shown).toContain('"error": "invalid_scope"');
      expect(code).toBe(0);
    },
    TIMEOUT,
  );
});

function run(program: string, environment: NodeJS.ProcessEnv, args: readonly string[] = []): ChildProcessWithoutNullStreams {
  const file = fileURLToPath(new URL(`../dist/${program}.js`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { env: { ...process.env, NODE_OPTIONS: '', ...environment } });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function freePorts(): Promise<NodeJS.ProcessEnv> {
  return {
    PARSEC__SERVER__HTTP_PORT: `${await freePort()}`,
    PARSEC__SERVER__MANAGEMENT_PORT: `${await freePort()}`,
    DEMO_IDENTITY_PROVIDER_PORT: `${await freePort()}`,
  };
}

async function outputUntil({ stdout }: ChildProcessWithoutNullStreams, end: string): Promise<string> {
  let output = '';
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.includes(end)) break;
  }
  stdout.resume();
  return output;
}

/** The blocks between empty lines that begin as a command does. */
function printedCommands(screen: string): string[] {
  return screen.split('\n\n').filter((block) => /^([A-Z_]+=|curl |echo )/.test(block));
}

async function paste(commands: readonly string[]): Promise<string> {
  const shell = spawn('sh', { stdio: ['pipe', 'pipe', 'inherit'] });
  shell.stdin.end(`${commands.join('\n')}\n`);
  return text(shell.stdout);
}
