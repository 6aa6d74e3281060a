import { serviceIdentifiers, type Configuration } from '@parsec/config';
import { Exchange, type ExchangeObserver } from '@parsec/exchange';
import { Generation } from '@parsec/kernel';
import { PublishedKeys, Signer } from '@parsec/keys';
import { instanceLogger, pluginLogger } from '@parsec/observability';
import type { Clock, Health, PluginKind } from '@parsec/plugin-sdk';
import { TrustedIssuers, type ReplayMarks } from '@parsec/trust';
import type { Logger } from 'pino';
import { compileRoutes, find } from './compile-routes.js';

/** What a service stands on that does not come from its configuration. */
export interface ServiceSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: ExchangeObserver;
  /** Used client assertions; they stay used when the configuration changes. */
  readonly replayMarks: ReplayMarks;
}

/** How one part of the service is. */
export interface PartHealth extends Health {
  readonly kind: PluginKind | 'trusted_issuer' | 'signer';
  readonly name: string;
}

/** Everything that one configuration yields, open and compiled: a generation and the road that stands on it. */
export class Service {
  private constructor(
    readonly configuration: Configuration,
    readonly exchange: Exchange,
    readonly publishedKeys: PublishedKeys,
    readonly issuers: TrustedIssuers,
    private readonly generation: Generation,
    private readonly signers: readonly Signer[],
    private readonly closers: readonly Closer[],
  ) {}

  /**
   * Opens instances, trusted issuers and signers, in this order.
   * @throws ParsecError where something is wrong here; whatever was open is closed again. A remote that is down is no such thing.
   */
  static async open(configuration: Configuration, { clock, logger, observer, replayMarks }: ServiceSurroundings): Promise<Service> {
    const { settings, directory, instances } = configuration;
    const closers: Closer[] = [];
    try {
      const generation = await Generation.open(instances, {
        directory,
        clock,
        logger: (kind, name) => instanceLogger(logger, kind, name),
      });
      closers.push(() => generation.close());

      const identifiers = serviceIdentifiers(settings.server.issuer);
      const trusted = [...generation.ofKind('trust_store').values()].flatMap(({ api }) => api.trustedIssuers());
      const issuers = await TrustedIssuers.open(trusted, {
        directory,
        clock,
        logger: pluginLogger(logger),
        serviceIdentifiers: identifiers,
      });
      closers.push(() => issuers.close());

      const keyManagers = generation.ofKind('key_manager');
      const signers = new Map<string, Signer>();
      closers.push(async () => void (await Promise.all([...signers.values()].map((signer) => signer.close()))));
      for (const [name, { key_manager: keyManager, algorithm }] of settings.signers) {
        const { api } = find(keyManagers, keyManager);
        signers.set(name, await Signer.open({ name, algorithm, keyManager: api, clock, logger: pluginLogger(logger) }));
      }

      const exchange = new Exchange({
        trustDomain: settings.trust_domain,
        routes: compileRoutes(settings, generation, signers),
        trust: {
          methods: settings.server.client_authentication,
          issuers,
          replayMarks,
          serviceIdentifiers: identifiers,
          maxJsonDepth: settings.server.limits.json_depth,
        },
        maxJsonDepth: settings.server.limits.json_depth,
        clock,
        observer,
      });
      return new Service(
        configuration,
        exchange,
        new PublishedKeys([...signers.values()]),
        issuers,
        generation,
        [...signers.values()],
        closers,
      );
    } catch (error) {
      // The failure to open is what counts; a failure to close after it would only hide that.
      await closeAll(closers).catch(() => {});
      throw error;
    }
  }

  /** Whether every signer has a published key that can sign. */
  get canSign(): boolean {
    return this.signers.every((signer) => signer.ready);
  }

  /** Whether at least one trust store is usable. An identity provider that is down does not count. */
  get canTrust(): boolean {
    return [...this.generation.ofKind('trust_store').values()].some((store) => store.health().status === 'up');
  }

  /** How every part is, from memory. */
  health(): readonly PartHealth[] {
    return [
      ...this.generation.instances.map((instance) => ({ kind: instance.kind, name: instance.name, ...instance.health() })),
      ...[...this.issuers.health()].map(([name, health]) => ({ kind: 'trusted_issuer' as const, name, ...health })),
      ...this.signers.map(({ name, ready }) => ({ kind: 'signer' as const, name, status: ready ? ('up' as const) : ('down' as const) })),
    ];
  }

  /** Closes in the reverse order of opening, also when something fails to close; then throws the failures together. */
  close(): Promise<void> {
    return closeAll(this.closers);
  }
}

type Closer = () => Promise<void>;

async function closeAll(closers: readonly Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.toReversed()) await close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'not everything closed cleanly');
}
