import 'reflect-metadata';
import { ParsecError, PLUGIN_API_VERSION, PLUGIN_KINDS, PLUGIN_TYPE, type PluginDefinition, type PluginKind } from '@parsec/plugin-sdk';

/** A plugin and where it came from: `built-in`, or the entry of `plugins:` that brought it. */
export interface RegisteredPlugin {
  readonly definition: PluginDefinition;
  readonly origin: string;
}

/** The plugins that configuration may name. Kinds and types are data here: no code names a type. */
export class PluginRegistry {
  readonly #plugins = new Map<string, RegisteredPlugin>();

  /** @throws ParsecError `PARSEC_PLUGIN_INVALID` where this is no plugin, speaks another API version or claims a taken name. */
  register(candidate: unknown, origin: string): void {
    const definition = checkDefinition(candidate);
    const key = `${definition.kind}/${definition.type}`;
    const taken = this.#plugins.get(key);
    if (taken !== undefined) {
      throw invalid(`claims the ${definition.kind} type "${definition.type}", which is taken by ${taken.origin}`);
    }
    this.#plugins.set(key, { definition, origin });
  }

  find(kind: PluginKind, type: string): RegisteredPlugin | undefined {
    return this.#plugins.get(`${kind}/${type}`);
  }

  types(kind: PluginKind): readonly string[] {
    return this.list()
      .filter((plugin) => plugin.definition.kind === kind)
      .map((plugin) => plugin.definition.type);
  }

  list(): readonly RegisteredPlugin[] {
    return [...this.#plugins.values()];
  }
}

function checkDefinition(candidate: unknown): PluginDefinition {
  if (typeof candidate !== 'object' || candidate === null) throw invalid('has no default export made with definePlugin');
  const { kind, type, apiVersion, options, instance } = candidate as Partial<Record<keyof PluginDefinition, unknown>>;
  if (apiVersion !== PLUGIN_API_VERSION) {
    throw invalid(`was made for plugin API version ${describeVersion(apiVersion)}; this parsec has version ${PLUGIN_API_VERSION}`);
  }
  if (!PLUGIN_KINDS.includes(kind as PluginKind)) throw invalid(`has an unknown kind; there are ${PLUGIN_KINDS.join(', ')}`);
  if (typeof type !== 'string' || !PLUGIN_TYPE.test(type)) throw invalid('has a type that is not a word or vendor/word in lower case');
  if (typeof options !== 'function' || typeof instance !== 'function') throw invalid('lacks the class for its options or its instances');
  if (!saysWhatToInject(instance)) {
    throw invalid(
      'takes constructor parameters of unknown types: compile it with experimentalDecorators and emitDecoratorMetadata, or use @Inject on each',
    );
  }
  return candidate as PluginDefinition;
}

/** Nest would otherwise make instances of it with nothing injected. */
function saysWhatToInject(instance: { length: number }): boolean {
  const types = Reflect.getMetadata('design:paramtypes', instance) as readonly unknown[] | undefined;
  const injected = (Reflect.getMetadata('self:paramtypes', instance) as readonly { index: number }[] | undefined) ?? [];
  return types !== undefined || injected.length >= instance.length;
}

function describeVersion(version: unknown): string {
  return typeof version === 'number' ? String(version) : '(none)';
}

function invalid(message: string): ParsecError {
  return new ParsecError('PARSEC_PLUGIN_INVALID', message);
}
