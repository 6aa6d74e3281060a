import { describe, expect, it } from '@jest/globals';
import { hideValues } from './hide-values.js';

const none = new Map<string, string>();

describe('what a plugin says', () => {
  it.each([
    ['HCL', 'access_key = "AKIA1234"\nregion = "eu-west-1"', 'no AKIA1234 in eu-west-1', 'no [hidden] in [hidden]'],
    ['JSON', '{"access_key": "AKIA1234"}', 'access_key AKIA1234', 'access_key [hidden]'],
    ['an escape', '{"password": "pass\\"word"}', 'pass"word and pass\\"word', '[hidden] and [hidden]'],
    ['a text of lines', '{"pem": "-----BEGIN\\nMIGHAgEA\\n"}', 'near MIGHAgEA', 'near [hidden]'],
    ['a heredoc', 'pem = <<EOT\nMIGHAgEA\nzzzzzzzz\nEOT\n', 'near zzzzzzzz', 'near [hidden]'],
    ['a value within another', 'a = "abcd"\nb = "abcdefgh"', 'abcdefgh', '[hidden]'],
    ['a short value', 'on = "yes"', 'yes', 'yes'],
  ])('has no value of its configuration: %s', (_form, configuration, text, shown) => {
    expect(hideValues(configuration, none)(text)).toBe(shown);
  });

  it('has no value of its environment', () => {
    expect(hideValues('', new Map([['TOKEN', 'AKIA1234']]))('uses AKIA1234')).toBe('uses [hidden]');
  });
});
