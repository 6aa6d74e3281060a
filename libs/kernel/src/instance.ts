import 'reflect-metadata';
import { Inject, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CLOCK,
  INSTANCE,
  LOGGER,
  ParsecError,
  type Clock,
  type Health,
  type HealthReporter,
  type InstanceContext,
  type PluginDefinition,
  type PluginKind,
  type PluginKinds,
  type PluginLogger,
} from '@parsec/plugin-sdk';
import { callWithDeadline } from '@parsec/resilience';

/** Milliseconds. Opening waits for nothing remote, so what takes longer hangs. */
const OPEN_DEADLINE = 30_000;

/** What the kernel gives to every instance. */
export interface InstanceSurroundings {
  /** The directory of the configuration file. */
  readonly directory: string;
  readonly clock: Clock;
  /** Makes the log of one instance. */
  readonly logger: (kind: PluginKind, name: string) => PluginLogger;
}

/** One configured use of a plugin, open. */
export interface Instance<Kind extends PluginKind = PluginKind> {
  readonly kind: Kind;
  readonly name: string;
  readonly type: string;
  readonly api: PluginKinds[Kind];
  health(): Health;
  /** Aborts the instance's signal and closes it. Closing twice closes once. */
  close(): Promise<void>;
}

/**
 * Opens one instance in a Nest application context of its own.
 * @param options checked options, an instance of `definition.options`
 * @throws ParsecError `PARSEC_INSTANCE_OPEN_FAILED`, prefixed with kind and name; the instance is closed again, so that what it had opened is released
 */
export async function openInstance<Kind extends PluginKind>(
  definition: PluginDefinition<Kind>,
  name: string,
  options: object,
  { directory, clock, logger }: InstanceSurroundings,
): Promise<Instance<Kind>> {
  const { kind, type } = definition;
  const abort = new AbortController();
  const context: InstanceContext = { kind, name, directory, signal: abort.signal };
  const api = Symbol('instance');

  // Nest calls the hooks of providers; holding the object here keeps it within reach when onModuleInit fails.
  let made: object | undefined;
  class InstanceModule {
    constructor(@Inject(api) instance: object) {
      made = instance;
    }
  }
  const module = {
    module: InstanceModule,
    imports: definition.imports ?? [],
    providers: [
      { provide: api, useClass: definition.instance as Type<object> },
      { provide: definition.options, useValue: options },
      { provide: INSTANCE, useValue: context },
      { provide: LOGGER, useValue: logger(kind, name) },
      { provide: CLOCK, useValue: clock },
      ...(definition.providers ?? []),
    ],
  };

  let nest: INestApplicationContext;
  try {
    nest = await callWithDeadline(() => NestFactory.createApplicationContext(module, { logger: false, abortOnError: false }), {
      milliseconds: OPEN_DEADLINE,
      signal: abort.signal,
      what: 'it',
    });
  } catch (error) {
    abort.abort();
    await closeQuietly(made);
    throw new ParsecError('PARSEC_INSTANCE_OPEN_FAILED', `${kind} "${name}" (${type}): ${messageOf(error)}`, { cause: error });
  }

  const instance = nest.get<PluginKinds[Kind]>(api);
  let closing: Promise<void> | undefined;
  return {
    kind,
    name,
    type,
    api: instance,
    health: () => healthOf(instance),
    close() {
      abort.abort();
      closing ??= nest.close();
      return closing;
    },
  };
}

function healthOf(instance: Partial<HealthReporter>): Health {
  try {
    return instance.health?.() ?? { status: 'up' };
  } catch {
    return { status: 'down', detail: 'its health check failed' };
  }
}

/** The failure to open is what counts; a failure to close after it would only hide that. */
async function closeQuietly(instance: object | undefined): Promise<void> {
  try {
    await (instance as { onApplicationShutdown?: () => unknown } | undefined)?.onApplicationShutdown?.();
  } catch {
    // Nothing more can be done for it.
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed to open';
}
