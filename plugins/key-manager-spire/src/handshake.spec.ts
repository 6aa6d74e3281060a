import { describe, expect, it } from '@jest/globals';
import { readHandshake } from './handshake.js';

describe('the first line of a plugin', () => {
  it.each([
    ['1|1|unix|/tmp/plugin1|grpc|', 'unix:/tmp/plugin1'],
    ['1|1|unix|/tmp/plugin1|grpc', 'unix:/tmp/plugin1'],
    ['1|1|unix|/tmp/plugin1|grpc||true\r', 'unix:/tmp/plugin1'],
    ['1|1|tcp|127.0.0.1:10000|grpc|', 'ipv4:127.0.0.1:10000'],
    ['1|1|tcp|[::1]:10000|grpc|', 'ipv6:[::1]:10000'],
  ])('says where it serves: %s', (line, target) => expect(readHandshake(line)).toBe(target));

  it.each([
    '',
    'panic: no',
    '2|1|unix|/tmp/plugin1|grpc|',
    '1|2|unix|/tmp/plugin1|grpc|',
    '1|1|unix|/tmp/plugin1|netrpc|',
    '1|1|unix|/tmp/plugin1',
    '1|1|unix|plugin1|grpc|',
    '1|1|unix||grpc|',
    '1|1|udp|127.0.0.1:1|grpc|',
    '1|1|tcp|0.0.0.0:1|grpc|',
    '1|1|tcp|192.0.2.1:1|grpc|',
    '1|1|tcp|localhost:1|grpc|',
    '1|1|tcp|127.0.0.1|grpc|',
    '1|1|tcp|127.0.0.1:x|grpc|',
    '1|1|unix|/tmp/plugin1|grpc|MIIC',
  ])('is refused otherwise: %j', (line) => {
    expect(() => readHandshake(line)).toThrow(expect.objectContaining({ code: 'PARSEC_UNAVAILABLE' }));
  });
});
