import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { registerDecorator, type ValidationArguments } from 'class-validator';
import { ConfigurationError } from './index.js';
import { fakeRegistry } from './testing/fake-plugins.js';
import { check, VALID, type Given } from './testing/given.js';
import { everyPath, parsedValid, replaceAt } from './testing/mutations.js';

/** Long enough to be found by intent alone. */
const secret = fc.stringMatching(/^[A-Za-z0-9+/=.:# "'{}$-]{4,40}$/).map((text) => `s3cr3t${text}s3cr3t`);

/** A plugin that tells everything it knows. */
class Blabs {
  @Blab()
  first!: string;

  @Blab()
  second!: string;
}

function Blab(): PropertyDecorator {
  return (target, propertyKey) => {
    registerDecorator({
      name: 'blab',
      target: target.constructor,
      propertyName: String(propertyKey),
      validator: {
        validate: () => false,
        defaultMessage: (validation?: ValidationArguments) => {
          const all = JSON.stringify(validation?.object);
          return `expected not ${all} nor ${Buffer.from(all).toString('base64')} nor ${String(validation?.value)}`;
        },
      },
    });
  };
}

async function rejectionOf(given: Given): Promise<unknown> {
  return check(given).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Every way in which an error may reach somebody's eyes. */
function shown(error: unknown): string {
  const { message, stack } = error as Error;
  return [JSON.stringify(error), inspect(error, { depth: Infinity, showHidden: true }), message, stack].join('\n');
}

describe('a secret', () => {
  const paths = everyPath(parsedValid());

  it.each<[string, (secret: string) => Omit<Given, 'yaml'>, string]>([
    ['an interpolated variable', (text) => ({ environment: { SECRET: text } }), '${env:SECRET}'],
    ['a part of a text', (text) => ({ environment: { SECRET: text } }), 'https://user:${env:SECRET}@host/'],
    ['an interpolated file', (text) => ({ files: { secret: text } }), '${file:secret}'],
  ])('that comes by %s is never shown, wherever it stands and whatever else is wrong', async (_way, surroundings, written) => {
    await fc.assert(
      fc.asyncProperty(secret, fc.constantFrom(...paths), fc.constantFrom(...paths), async (text, path, other) => {
        const broken = replaceAt(replaceAt(parsedValid(), other, ['wrong']), path, written);
        const error = await rejectionOf({ yaml: stringify(broken), ...surroundings(text) });
        // A secret may be right where it stands, but two mistakes at least are not.
        if (error !== undefined) {
          expect(error).toBeInstanceOf(ConfigurationError);
          expect(shown(error)).not.toContain(text);
          expect(shown(error)).not.toContain('s3cr3t');
        }
      }),
      { numRuns: 150 },
    );
  });

  it('that comes by an override is never shown', async () => {
    await fc.assert(
      fc.asyncProperty(secret, fc.constantFrom(...paths), async (text, path) => {
        const overrides = [`${path.join('.')}=${text}`, 'foo=1'];
        const error = await rejectionOf({ yaml: VALID, overrides });
        expect(error).toBeInstanceOf(ConfigurationError);
        expect(shown(error)).not.toContain('s3cr3t');
      }),
      { numRuns: 150 },
    );
  });

  it('is not shown by a plugin that quotes its options', async () => {
    const yaml = VALID.replace('type: rules', 'type: strange').replace(
      /options:\n {6}rules:[^]*?(?=token_issuers)/,
      "options: {first: '${env:SECRET}', second: b}\n",
    );
    await fc.assert(
      fc.asyncProperty(secret, async (text) => {
        const error = await rejectionOf({ yaml, registry: fakeRegistry(Blabs), environment: { SECRET: text } });
        // No word of the plugin is left, since the secret went into each of them.
        expect(error).toMatchObject({
          problems: ['first', 'second'].map((key) => ({ path: `authorizers.issuance.options.${key}`, message: 'wrong value' })),
        });
        expect(shown(error)).not.toContain('expected');
        expect(shown(error)).not.toContain('s3cr3t');
      }),
    );
  });

  it('gets no suggestion', async () => {
    const yaml = VALID.replace('key_manager: local', "key_manager: '${env:A}'").replace('type: listed', "type: '${env:B}'");
    expect(await rejectionOf({ yaml, environment: { A: 'locl', B: 'lsited' } })).toMatchObject({
      problems: [
        { path: 'trust_stores.corporate.type', expected: 'one of discovered, listed' },
        { path: 'signers.main.key_manager', expected: 'one of local' },
      ],
    });
  });

  it('in the name of a plugin is not shown when the plugin cannot be loaded', async () => {
    const yaml = `plugins: ['\${env:SECRET}']\n${VALID}`;
    const pluginProblems = [{ index: 0, message: '"s3cr3t" cannot be loaded' }];
    const error = await rejectionOf({ yaml, environment: { SECRET: 's3cr3t' }, pluginProblems });
    expect(error).toMatchObject({ problems: [{ path: 'plugins.0', message: 'this plugin cannot be loaded' }] });
    expect(shown(error)).not.toContain('s3cr3t');
  });
});
