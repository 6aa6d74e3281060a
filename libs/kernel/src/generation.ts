import type { PluginDefinition, PluginKind } from '@parsec/plugin-sdk';
import { openInstance, type Instance, type InstanceSurroundings } from './instance.js';

/** What one entry of the configuration asks for, checked. */
export interface InstanceSpecification<Kind extends PluginKind = PluginKind> {
  readonly name: string;
  readonly definition: PluginDefinition<Kind>;
  /** Checked options, an instance of `definition.options`. */
  readonly options: object;
}

/**
 * The immutable set of open instances that one configuration yields.
 * Closing goes in the reverse order of opening.
 */
export class Generation {
  readonly #instances: readonly Instance[];

  private constructor(instances: readonly Instance[]) {
    this.#instances = instances;
  }

  /**
   * Opens the instances one after the other, in the given order.
   * When one fails, those already open are closed, last first, and the failure is thrown.
   */
  static async open(specifications: readonly InstanceSpecification[], surroundings: InstanceSurroundings): Promise<Generation> {
    const opened: Instance[] = [];
    try {
      for (const { definition, name, options } of specifications) {
        opened.push(await openInstance(definition, name, options, surroundings));
      }
    } catch (error) {
      await closeAll(opened).catch(() => {});
      throw error;
    }
    return new Generation(opened);
  }

  /** Every instance, in the order of opening. */
  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** The instances of one kind by name. */
  ofKind<Kind extends PluginKind>(kind: Kind): ReadonlyMap<string, Instance<Kind>> {
    const found = this.#instances.filter((instance): instance is Instance<Kind> => instance.kind === kind);
    return new Map(found.map((instance) => [instance.name, instance]));
  }

  /** Closes every instance, last opened first, also when some fail to close; then throws the failures together. */
  close(): Promise<void> {
    return closeAll(this.#instances);
  }
}

async function closeAll(instances: readonly Instance[]): Promise<void> {
  const failures: unknown[] = [];
  for (const instance of instances.toReversed()) {
    try {
      await instance.close();
    } catch (error) {
      failures.push(new Error(`${instance.kind} "${instance.name}" failed to close`, { cause: error }));
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not every instance closed cleanly');
}
