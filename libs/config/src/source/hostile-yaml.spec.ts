import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const MIB = 1024 * 1024;
const repeated = (unit: string, length = MIB): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
const numbered = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

const ALIASES = 'anchors (&) and aliases (*) are not supported';
const DEEP = 'nested deeper than 64';
const MANY = 'more than 100000 words and signs';
const LONG = 'a text of more than 65536 characters';
const NO_TEXT = 'a character that YAML does not allow';

/** What a hostile document is called, what it holds, and what is said of it. */
const CORPUS: [string, string | Uint8Array, string][] = [
  ['an alias bomb', numbered(10, (index) => `a${index}: &a${index} [${index === 0 ? 'x' : repeated(`*a${index - 1},`, 36)}]`), ALIASES],
  ['an alias of itself', 'a: &a [*a]', ALIASES],
  ['nothing but anchors and aliases', repeated('&a *a '), MANY],
  ['half of that', repeated('&a *a\n', 100_000), 'this is not valid YAML'],
  ['aliases line by line', repeated('*a\n', 100_000), 'not expected here'],
  ['lists in brackets', repeated('['), DEEP],
  ['maps in braces', repeated('{a: '), DEEP],
  ['lists in lists', repeated('- '), DEEP],
  ['maps as keys', repeated('? '), DEEP],
  ['maps in lists in keys', repeated('- ? {[a: '), DEEP],
  ['keys of keys', repeated('a: '), DEEP],
  ['nesting by indentation', numbered(1400, (index) => `${' '.repeat(index)}a:`), DEEP],
  ['empty keys', repeated(':\n'), MANY],
  ['empty lists', repeated('- \n'), MANY],
  ['documents', repeated('---\n', 100_000), 'a second document'],
  ['directives', repeated('%A b\n', 100_000), 'directives (%) are not supported'],
  ['tags', repeated('!!str ', 290_000), 'this is not valid YAML'],
  ['errors', repeated('] ', 90_000), 'not expected here'],
  ['wrong escapes', `a: "${repeated('\\q', 60_000)}"`, 'an unknown escape'],
  ['comments', repeated('#\n'), MANY],
  ['empty lines', repeated('\n'), MANY],
  ['a long text', `a: ${repeated('x', MIB - 3)}`, LONG],
  ['a text without end', `a: "${repeated('x', MIB - 4)}`, LONG],
  ['a long block', `a: |\n${repeated(' x\n', MIB - 5)}`, LONG],
  ['a long comment', repeated('#'), LONG],
  ['spaces', repeated(' '), LONG],
  ['many keys', numbered(12_000, (index) => `key${index}: 1`), 'unknown key'],
  ['the same key', repeated('a: 1\n', 70_000), 'this key is there twice'],
  ['many references', numbered(12_000, (index) => `k${index}: "\${file:/etc/hostname}\${env:PATH}\${env:"`), 'a "${" that begins no'],
  ['many token issuers', `token_issuers:\n${numbered(3500, (index) => `  x${index}: {claims: {tctx: [{cel: a}]}}`)}`, 'wrong value'],
  ['prototypes', '__proto__: {a: 1}\nconstructor: {prototype: {a: 1}}\nprototype: 1', 'no key can have this name'],
  ['keys that are no texts', '1: a\ntrue: a\n[a]: a\n{a: b}: a\n? [a]\n: b', 'a key that is not a text'],
  ['zeros', repeated('\0'), NO_TEXT],
  ['terminal commands', 'a: \u001b[2J', NO_TEXT],
  ['bytes', Uint8Array.from({ length: MIB }, (_, index) => (index * 7919) % 256), 'it is not UTF-8 text'],
  ['too much', repeated('a', MIB + 1), 'it is larger than 1024 KiB'],
];

/** Reads and checks one file as the built program does, and tells how it went. */
const CHILD = `
  import { checkConfiguration, formatProblem, readConfigurationSource } from '@parsec/config';
  import { PluginRegistry } from '@parsec/kernel';
  const [, file] = process.argv;
  const start = process.cpuUsage();
  let outcome = 'accepted';
  try {
    checkConfiguration(await readConfigurationSource({ file, environment: process.env, overrides: [] }), new PluginRegistry(), []);
  } catch (error) {
    outcome = error.problems?.map(formatProblem).slice(0, 100).join('\\n') ?? 'crashed: ' + error.stack;
  }
  const { user, system } = process.cpuUsage(start);
  process.stdout.write(JSON.stringify({ outcome, seconds: (user + system) / 1_000_000, bytes: process.resourceUsage().maxRSS * 1024 }));
`;

interface Measured {
  readonly outcome: string;
  /** Of the processor, so that what else the machine does makes no difference. */
  readonly seconds: number;
  /** All that the process ever needed, Node and the libraries included. */
  readonly bytes: number;
}

describe('hostile YAML', () => {
  it.concurrent.each(CORPUS)(
    'made of %s is refused within 5 s and 300 MB',
    async (_name, document, problem) => {
      const { outcome, seconds, bytes } = await measure(document);
      expect(outcome).toContain(problem);
      expect(seconds).toBeLessThan(5);
      expect(bytes).toBeLessThan(300_000_000);
    },
    60_000,
  );
});

async function measure(document: string | Uint8Array): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), 'parsec-hostile-'));
  try {
    const file = join(directory, 'parsec.yaml');
    await writeFile(file, document);
    const options = { cwd: import.meta.dirname, env: { PATH: process.env['PATH'] } };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', CHILD, '--', file], options);
    return JSON.parse(stdout) as Measured;
  } finally {
    await rm(directory, { recursive: true });
  }
}
