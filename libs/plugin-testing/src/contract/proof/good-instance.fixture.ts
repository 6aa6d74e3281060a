import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  CLOCK,
  INSTANCE,
  LOGGER,
  type Clock,
  type Health,
  type HealthReporter,
  type InstanceContext,
  type PluginLogger,
} from '@parsec/plugin-sdk';
import { IsString } from 'class-validator';
import { remote } from './remote.fixture.js';

/** The options of every plugin of the proofs. */
export class GoodOptions {
  /** Read when the instance opens. */
  @IsString()
  readonly file!: string;
  /** Secret. */
  @IsString()
  readonly token!: string;
}

/** What the instances of the proofs have in common: they open a file and a timer, log, and close again. */
export class GoodInstance implements HealthReporter, OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #cancel: () => void = () => {};

  constructor(
    readonly options: GoodOptions,
    @Inject(INSTANCE) readonly context: InstanceContext,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(LOGGER) readonly logger: PluginLogger,
  ) {}

  async onModuleInit(): Promise<void> {
    this.#timer = setInterval(() => {}, 60_000).unref();
    this.#cancel = this.clock.schedule(60_000, () => {});
    await readFile(join(this.context.directory, this.options.file));
    this.logger.info('opened', { file: this.options.file });
  }

  health(): Health {
    return { status: 'up', detail: 'the file was read' };
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    this.#cancel();
  }
}

/** The part of a fixture that goes with {@link GoodInstance}. */
export const GOOD_FIXTURE = {
  options: { file: 'there', token: 'hunter2' },
  invalidOptions: [{ token: 'hunter2' }, { file: 7, token: 'hunter2' }],
  unopenableOptions: [{ file: 'not-there', token: 'hunter2' }],
  secrets: ['hunter2'],
  prepare: (directory: string) => writeFile(join(directory, 'there'), ''),
  whileStalled: remote.whileStalled,
  whileFailing: remote.whileFailing,
};
