import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../json.js';
import type { ExchangeFacts, Principal } from '../principals.js';
import { CLAIMS_SCOPE, compileExpression, exchangeVariables, POLICY_SCOPE, toCel } from './index.js';

const principal = (sub: string, claims = {}): Principal => ({
  sub,
  issuer: 'https://idp.example',
  trustedIssuer: 'idp',
  trustDomain: null,
  tokenType: 'urn:ietf:params:oauth:token-type:jwt',
  scope: ['read'],
  audience: ['api'],
  claims,
});

const facts: ExchangeFacts = {
  subject: principal('corp:alice', { groups: ['a', 'b'], $typeName: 'google.protobuf.Int32Value', nothing: null }),
  requester: principal('gateway'),
  actor: null,
  request: { tokenType: 't', audience: 'td', scope: ['read'], peerIp: '127.0.0.1', context: { ip: '1.2.3.4' }, details: { big: 1.5 } },
  now: Date.UTC(2026, 0, 2),
};

const evaluate = (source: string, data?: Record<string, JsonValue>): JsonValue =>
  compileExpression(source, CLAIMS_SCOPE).evaluate({
    variables: exchangeVariables(facts),
    dataSource: (name) => toCel(data?.[name] ?? {}),
  });

describe('an expression', () => {
  it.each<[string, JsonValue]>([
    ['subject.sub', 'corp:alice'],
    ['actor == null', true],
    ['size(subject.claims.groups)', 2],
    ['subject.claims.groups.exists(g, g == "b")', true],
    ['has(subject.claims.email)', false],
    ['{"a": {"b": [1, 2.5, true, null, "x"]}}', { a: { b: [1, 2.5, true, null, 'x'] } }],
    ['now', '2026-01-02T00:00:00.000Z'],
    ['now > timestamp("2026-01-01T00:00:00Z")', true],
    ['request.context.ip.startsWith("1.")', true],
    ['"AbC".lowerAscii()', 'abc'],
    ['subject.claims["$typeName"]', 'google.protobuf.Int32Value'],
    ['"aaaaaaaaaaaaaaaaaaaaaaaaaaaa!".matches("(a+)+$")', false],
  ])('%s yields %j', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('asks the data sources it names, and tells which those are', () => {
    const expression = compileExpression('{"roles": datasource("roles").list, "x": has(datasource("other").y)}', CLAIMS_SCOPE);
    expect(expression.dataSources).toEqual(['roles', 'other']);
    expect(expression.memberNames).toEqual(['roles', 'x']);
    expect(
      expression.evaluate({ variables: exchangeVariables(facts), dataSource: (name) => toCel(name === 'roles' ? { list: ['r'] } : {}) }),
    ).toEqual({
      roles: ['r'],
      x: false,
    });
  });

  it.each<[string, readonly string[] | undefined]>([
    ['{"a": 1, "b": 2}', ['a', 'b']],
    ['true ? {"a": 1} : {"b": 1}', ['a', 'b']],
    ['{"a": 1}["a"]', undefined],
    ['{subject.sub: 1}', undefined],
    ['true ? {"a": 1} : subject.claims', undefined],
    ['{}', []],
  ])('%s can have the members %j', (source, expected) => {
    expect(compileExpression(source, CLAIMS_SCOPE).memberNames).toEqual(expected);
  });

  it.each([
    ['subjct.sub', '"subjct" is unknown; there are subject, requester, actor, request, now'],
    ['subject.subb == "a"', '"subject" has no "subb"'],
    ['nosuch(1)', 'the function "nosuch" is unknown'],
    ['datasource(subject.sub)', 'written as a text'],
    ['1 +', 'line 1, character 3'],
    ['['.repeat(200) + ']'.repeat(200), 'nests deeper than 40'],
    ['1' + ' + 1'.repeat(2000), 'longer than 4096'],
    ['Message{a: 1}', 'message type'],
  ])('%s is refused when it is compiled', (source, message) => {
    expect(() => compileExpression(source, CLAIMS_SCOPE)).toThrow(message);
  });

  it('cannot ask data sources in a policy', () => {
    expect(() => compileExpression('datasource("x") == 1', POLICY_SCOPE)).toThrow('not available');
  });

  it.each([
    'subject.claims.missing',
    '1 / 0',
    'duration("1s")',
    'b"bytes"',
    '{1: 2}',
    '9223372036854775807',
    '{"__proto__": 1}',
    '1.0 / 0.0',
    'subject.sub + 1',
    'type(1)',
  ])('%s fails instead of yielding something that is not JSON', (source) => {
    expect(() => evaluate(source)).toThrow(expect.objectContaining({ code: 'PARSEC_EXPRESSION_INVALID' }) as unknown as Error);
  });
});
