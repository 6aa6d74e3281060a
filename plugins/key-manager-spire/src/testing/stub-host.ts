/** A program that opens a key manager, prints the process id of its plugin and lives on. Arguments: options in JSON, and a directory. */
import { systemClock, type PluginLogger } from '@parsec/plugin-sdk';
import { plainToInstance } from 'class-transformer';
import { SpireKeyManagerOptions } from '../options.js';
import { SpireKeyManager } from '../spire-key-manager.js';

const [options = '', directory = ''] = process.argv.slice(2);
const instance = { kind: 'key_manager', name: 'stub', directory, signal: new AbortController().signal } as const;
const ignore = (): void => {};
const logger: PluginLogger = {
  debug: ignore,
  warn: ignore,
  error: ignore,
  info(message, facts) {
    if (message === 'the plugin is ready') process.stdout.write(`${String(facts?.['pid'])}\n`);
  },
};
await new SpireKeyManager(plainToInstance(SpireKeyManagerOptions, JSON.parse(options)), instance, systemClock, logger).onModuleInit();
// Not let go by anything but a signal.
setInterval(ignore, 60_000);
