import { afterAll, beforeAll } from '@jest/globals';
import { describeContract } from '@parsec/plugin-testing';
import plugin from './index.js';
import { always } from './testing/fault-plan.fixture.js';
import { SECRETS, setEnvironment } from './testing/environment.fixture.js';
import { KmsServer } from './testing/kms-server.fixture.js';

setEnvironment();
const kms = await KmsServer.start();
afterAll(() => kms.stop());
beforeAll(() => {
  // More pages than one, some of it not ours.
  kms.store.pageSize = 3;
  for (const alias of ['alias/aws/s3', 'alias/parsec/test', 'alias/parsec/test/readme', 'alias/parsec/testing/main/1']) {
    kms.store.aliases.set(alias, kms.store.addKey('SYMMETRIC_DEFAULT').id);
  }
});

const OPERATIONS = ['ListAliases', 'CreateKey', 'CreateAlias', 'DescribeKey', 'GetPublicKey', 'Sign', 'ScheduleKeyDeletion', 'DeleteAlias'];
const good = { alias_prefix: 'parsec/test', region: 'eu-central-1', endpoint: kms.url };

async function during(fault: Parameters<typeof always>[0], calls: () => Promise<void>): Promise<void> {
  kms.plan = always(fault, ...OPERATIONS);
  try {
    await calls();
  } finally {
    kms.plan = () => undefined;
  }
}

describeContract({
  plugin,
  options: good,
  invalidOptions: [
    {},
    ...['', '/parsec', 'parsec/', 'parsec//prod', 'parsec.prod', 'aws/parsec', 'aws', 'a'.repeat(101), 7].map((alias_prefix) => ({
      ...good,
      alias_prefix,
    })),
    ...['', 'Frankfurt', 'eu-central', null].map((region) => ({ ...good, region })),
    ...['kms', 'http://kms.example', 'ftp://127.0.0.1', 'https://user@kms.example', 'https://kms.example/?a=b'].map((endpoint) => ({
      ...good,
      endpoint,
    })),
    ...[6, 31, 7.5, '7', null].map((deletion_window) => ({ ...good, deletion_window })),
    ...[[], { team: 7 }, { '': 'a' }, { 'aws:team': 'a' }, { 'parsec-alias-prefix': 'a' }, { team: 'a\nb' }].map((tags) => ({
      ...good,
      tags,
    })),
  ],
  unopenableOptions: [{ alias_prefix: 'parsec/test', endpoint: kms.url }],
  secrets: SECRETS,
  whileStalled: (calls) => during('hang', calls),
  whileFailing: (calls) => during({ status: 400, type: 'InvalidSignatureException' }, calls),
});
