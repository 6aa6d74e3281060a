import { afterAll, beforeAll, expect, it } from '@jest/globals';
import awsKms from '@parsec/key-manager-aws-kms';
import type { SigningAlgorithm } from '@parsec/plugin-sdk';
import { describeContract } from '@parsec/plugin-testing';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { Lab, TRUST_DOMAIN } from '../support/lab.js';
import { startParsec, type ParsecServer } from '../support/parsec-server.js';
import { describeWith, peer } from './peers.js';
import { Moto, MOTO_ENVIRONMENT } from './support/moto.js';

Object.assign(process.env, MOTO_ENVIRONMENT);
const server = peer('moto_server');
const moto = server === undefined ? undefined : await Moto.start(server);
afterAll(() => moto?.end());

describeWith(['moto_server'], "AWS KMS as moto's server has it", () => {
  const options = { alias_prefix: 'parsec/contract', region: 'eu-central-1', endpoint: moto?.url };

  describeContract({
    plugin: awsKms,
    options,
    invalidOptions: [{}],
    unopenableOptions: [{ alias_prefix: 'parsec/contract', endpoint: moto?.url }],
    secrets: [MOTO_ENVIRONMENT.AWS_SECRET_ACCESS_KEY, MOTO_ENVIRONMENT.AWS_SESSION_TOKEN],
    whileStalled: async (calls) => moto?.whileStopped(calls),
  });

  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.open();
  });

  const start = (algorithm: SigningAlgorithm): Promise<ParsecServer> =>
    startParsec(
      (url) => ({
        ...lab.configuration(url),
        key_managers: { kms: { type: 'aws_kms', options: { ...options, alias_prefix: `parsec/${algorithm}` } } },
        signers: { main: { key_manager: 'kms', algorithm } },
      }),
      undefined,
      MOTO_ENVIRONMENT,
    );

  const exchange = async (parsec: ParsecServer): Promise<string> => {
    const { status, body } = await parsec.post(await lab.form(parsec.url));
    expect(status).toBe(200);
    return String(body['access_token']);
  };

  const publicKeys = async (parsec: ParsecServer): Promise<JSONWebKeySet> =>
    (await (await fetch(`${parsec.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;

  it.each(['ES256', 'ES384', 'RS256', 'PS256'] as const)(
    'parsec signs tokens with %s, and after a restart with the same key',
    async (algorithm) => {
      const first = await start(algorithm);
      const token = await exchange(first);
      await first.stop();
      const second = await start(algorithm);
      const keys = createLocalJWKSet(await publicKeys(second));
      const { protectedHeader } = await jwtVerify(await exchange(second), keys, { audience: TRUST_DOMAIN, algorithms: [algorithm] });
      await second.stop();
      const before = await jwtVerify(token, keys, { audience: TRUST_DOMAIN, algorithms: [algorithm] });
      expect(before.protectedHeader.kid).toBe(protectedHeader.kid);
    },
  );
});
