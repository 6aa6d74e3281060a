import { fileURLToPath } from 'node:url';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import {
  definePlugin,
  INSTANCE,
  LOGGER,
  systemClock,
  type DataSource,
  type ExchangeFacts,
  type Health,
  type InstanceContext,
  type JsonValue,
  type PluginLogger,
} from '@parsec/plugin-sdk';
import { Generation, loadPlugins, openInstance, PluginRegistry, type InstanceSpecification, type InstanceSurroundings } from './index.js';

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/plugins', import.meta.url));

const events: string[] = [];
const surroundings: InstanceSurroundings = {
  directory: '/etc/parsec',
  clock: systemClock,
  logger: (kind, name) => {
    const write = (message: string): void => void events.push(`${kind}/${name}: ${message}`);
    return { debug: write, info: write, warn: write, error: write };
  },
};

class WordOptions {
  word = '';
  fails = false;
}

@Injectable()
class WordSource implements DataSource, OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly options: WordOptions,
    @Inject(INSTANCE) private readonly context: InstanceContext,
    @Inject(LOGGER) private readonly logger: PluginLogger,
  ) {}

  async onModuleInit(): Promise<void> {
    this.logger.info('opening');
    if (this.options.fails) throw new Error('cannot open');
  }

  onApplicationShutdown(): void {
    events.push(`${this.context.name} closed, signal aborted: ${this.context.signal.aborted}`);
  }

  health(): Health {
    if (this.options.word === 'ill') throw new Error('no health');
    return { status: 'up', detail: this.options.word };
  }

  fetch(): Promise<JsonValue> {
    return Promise.resolve({ word: this.options.word, name: this.context.name, directory: this.context.directory });
  }
}

const plugin = definePlugin({ kind: 'data_source', type: 'word', apiVersion: 1, options: WordOptions, instance: WordSource });
const options = (word: string, fails = false): WordOptions => Object.assign(new WordOptions(), { word, fails });
const specification = (name: string, fails = false): InstanceSpecification =>
  ({ name, definition: plugin, options: options(name, fails) }) as InstanceSpecification;
const facts = {} as ExchangeFacts;
const call = { signal: new AbortController().signal };

describe('an instance', () => {
  it('stands beside another of the same plugin with options of its own', async () => {
    const one = await openInstance(plugin, 'one', options('a'), surroundings);
    const two = await openInstance(plugin, 'two', options('b'), surroundings);
    expect(await one.api.fetch(facts, call)).toEqual({ word: 'a', name: 'one', directory: '/etc/parsec' });
    expect(await two.api.fetch(facts, call)).toEqual({ word: 'b', name: 'two', directory: '/etc/parsec' });
    expect([one.health(), two.health()].map(({ detail }) => detail)).toEqual(['a', 'b']);
    await one.close();
    await two.close();
  });

  it('is told by its signal that it closes, and closes once', async () => {
    events.length = 0;
    const instance = await openInstance(plugin, 'one', options('a'), surroundings);
    await Promise.all([instance.close(), instance.close()]);
    await instance.close();
    expect(events).toEqual(['data_source/one: opening', 'one closed, signal aborted: true']);
  });

  it('that cannot open is named, and closed again', async () => {
    events.length = 0;
    await expect(openInstance(plugin, 'one', options('a', true), surroundings)).rejects.toMatchObject({
      code: 'PARSEC_INSTANCE_OPEN_FAILED',
      message: 'data_source "one" (word): cannot open',
    });
    expect(events).toEqual(['data_source/one: opening', 'one closed, signal aborted: true']);
  });

  it('whose health cannot be told is down', async () => {
    const instance = await openInstance(plugin, 'one', options('ill'), surroundings);
    expect(instance.health()).toEqual({ status: 'down', detail: 'its health check failed' });
    await instance.close();
  });
});

describe('a generation', () => {
  it('opens in order and closes in reverse', async () => {
    events.length = 0;
    const generation = await Generation.open(
      ['a', 'b', 'c'].map((name) => specification(name)),
      surroundings,
    );
    expect([...generation.ofKind('data_source').keys()]).toEqual(['a', 'b', 'c']);
    expect(generation.ofKind('authorizer').size).toBe(0);
    await generation.close();
    expect(events.map((event) => event.split(/[/: ]/).join(' '))).toEqual([
      'data_source a  opening',
      'data_source b  opening',
      'data_source c  opening',
      ...['c', 'b', 'a'].map((name) => `${name} closed, signal aborted  true`),
    ]);
  });

  it('leaves nothing open when one instance cannot open', async () => {
    events.length = 0;
    await expect(Generation.open([specification('a'), specification('b', true), specification('c')], surroundings)).rejects.toThrow('"b"');
    expect(events.filter((event) => event.includes('closed'))).toEqual([
      'b closed, signal aborted: true',
      'a closed, signal aborted: true',
    ]);
    expect(events).not.toContain('data_source/c: opening');
  });
});

describe('the registry', () => {
  it('finds plugins by kind and type', () => {
    const registry = new PluginRegistry();
    registry.register(plugin, 'built-in');
    expect(registry.find('data_source', 'word')?.definition).toBe(plugin);
    expect(registry.find('authorizer', 'word')).toBeUndefined();
    expect(registry.types('data_source')).toEqual(['word']);
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'no default export'],
    ['another API version', { ...plugin, apiVersion: 2 }, 'version 2; this parsec has version 1'],
    ['no API version', { ...plugin, apiVersion: undefined }, 'version (none)'],
    ['an unknown kind', { ...plugin, kind: 'token_store' }, 'unknown kind'],
    ['a strange type', { ...plugin, type: 'My Plugin' }, 'not a word'],
    ['no class', { ...plugin, instance: {} }, 'lacks the class'],
    [
      'a constructor that says nothing of its types',
      {
        ...plugin,
        instance: class {
          constructor(readonly word: string) {}
        },
      },
      'emitDecoratorMetadata',
    ],
    ['a taken name', plugin, 'taken by built-in'],
  ])('refuses a plugin with %s', (_name, candidate, message) => {
    const registry = new PluginRegistry();
    registry.register(plugin, 'built-in');
    expect(() => registry.register(candidate, 'here')).toThrow(message);
  });
});

describe('plugins of third parties', () => {
  it('are loaded from paths, and what cannot be loaded is told by its place', async () => {
    const registry = new PluginRegistry();
    registry.register({ ...plugin, type: 'static' }, 'built-in');
    const entries = [
      './greeting.js',
      './other-version.js',
      './taken-name.js',
      './throws.js',
      './no-plugin.js',
      './missing.js',
      'no-such-package',
    ];
    const problems = await loadPlugins(registry, entries, FIXTURES);
    expect(registry.find('data_source', 'acme/greeting')?.origin).toBe('./greeting.js');
    expect(problems.map(({ index, message }) => `${index} ${message}`)).toEqual([
      '1 "./other-version.js" was made for plugin API version 2; this parsec has version 1',
      '2 "./taken-name.js" claims the data_source type "static", which is taken by built-in',
      '3 "./throws.js" cannot be loaded: this module does not like to be loaded',
      '4 "./no-plugin.js" has no default export made with definePlugin',
      expect.stringContaining('5 "./missing.js" is not there'),
      expect.stringContaining('6 "no-such-package" is no package that can be found'),
    ]);
  });

  it('are loaded from packages by name', async () => {
    const registry = new PluginRegistry();
    expect(await loadPlugins(registry, ['@parsec/data-source-static'], FIXTURES)).toEqual([]);
    expect(registry.types('data_source')).toEqual(['static']);
  });
});
