import { describe, expect, it } from '@jest/globals';
import { check, problemsOf, validBut, type Given } from '../testing/given.js';

const withPassword = (password: string): string => validBut('open sesame', password);

async function passwordOf(given: Given): Promise<unknown> {
  const { settings } = await check(given);
  return settings.data_sources.get('user_roles')?.options['credentials'];
}

describe('an interpolation', () => {
  it.each<[string, string, Partial<Given>, string]>([
    ['a file', '${file:secret}', { files: { secret: 'swordfish\n' } }, 'swordfish'],
    ['a file without its last line break only', '${file:secret}', { files: { secret: 'a\r\n\r\n' } }, 'a\r\n'],
    ['a variable', '${env:SECRET}', { environment: { SECRET: 'swordfish' } }, 'swordfish'],
    ['several, amid other text', 'a-${env:A}-${env:B}-z', { environment: { A: '1', B: '2' } }, 'a-1-2-z'],
    ['nothing in what it stands for', '${env:A}', { environment: { A: '${env:B}', B: 'b' } }, '${env:B}'],
    ['nothing that special signs of a replacement mean', '${env:A}', { environment: { A: "$&$1$'" } }, "$&$1$'"],
    ['a literal', '$${env:A} $$${', {}, '${env:A} $${'],
    ['no dollar by itself', '$5 {a} $', {}, '$5 {a} $'],
  ])('replaces %s', async (_what, password, given, expected) => {
    expect(await passwordOf({ yaml: withPassword(`'${password.replaceAll("'", "''")}'`), ...given })).toEqual({ password: expected });
  });

  it('stays a text, whatever it looks like', async () => {
    expect(await passwordOf({ yaml: withPassword('${env:A}'), environment: { A: '12' } })).toEqual({ password: '12' });
  });

  it('works in what an override gives', async () => {
    const overrides = ['data_sources.user_roles.options.credentials={password: "${env:A}"}'];
    expect(await passwordOf({ yaml: withPassword('a'), environment: { A: 'swordfish' }, overrides })).toEqual({ password: 'swordfish' });
  });

  it.each<[string, string, Partial<Given>, string]>([
    ['a missing file', '${file:secret}', {}, 'the file of ${file:…} cannot be used: there is no such file'],
    ['a directory', '${file:.}', {}, 'the file of ${file:…} cannot be used: it is not a regular file'],
    ['a device', '${file:/dev/zero}', {}, 'the file of ${file:…} cannot be used: it is not a regular file'],
    [
      'a large file',
      '${file:secret}',
      { files: { secret: 'x'.repeat(65_537) } },
      'the file of ${file:…} cannot be used: it is larger than 64 KiB',
    ],
    [
      'a file of other bytes',
      '${file:secret}',
      { files: { secret: Buffer.from([255]) } },
      'the file of ${file:…} cannot be used: it is not UTF-8 text',
    ],
    ['a path with a zero', '"${file:a\\0b}"', {}, 'the file of ${file:…} cannot be used: it cannot be read'],
    ['a variable that is not set', '${env:SECRET}', {}, 'the environment variable SECRET is not set'],
    ['a name of every object', '${env:toString}', {}, 'the environment variable of ${env:…} is not set'],
    ['an unknown source', '${vault:a}', {}, 'a "${" that begins no ${file:/path} or ${env:NAME}; a literal one is written "$${"'],
    ['no end', '${env:A', {}, 'a "${" that begins no ${file:/path} or ${env:NAME}; a literal one is written "$${"'],
    ['no name', '${env:}', {}, 'a "${" that begins no ${file:/path} or ${env:NAME}; a literal one is written "$${"'],
  ])('with %s is a problem, and the only one', async (_what, password, given, problem) => {
    expect(await problemsOf({ yaml: withPassword(password), ...given })).toEqual([
      `parsec.yaml:25:9 data_sources.user_roles.options.credentials.password: ${problem}`,
    ]);
  });

  it('stops where all values together come to too much', async () => {
    const yaml = `plugins: [${Array.from({ length: 40 }, () => '"${env:A}${env:A}"').join(', ')}]\n${withPassword('a')}`;
    expect(await problemsOf({ yaml, environment: { A: 'x'.repeat(60_000) } })).toEqual([
      'parsec.yaml:1:691 plugins.34: the values behind ${file:…} and ${env:…} come to more than 4 MiB',
    ]);
  });
});
