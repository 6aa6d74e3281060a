import { serviceIdentifiers, type Configuration } from '@parsec/config';
import { Exchange, type ExchangeObserver } from '@parsec/exchange';
import { Generation } from '@parsec/kernel';
import { PublishedKeys, type KeyObserver, type Signer } from '@parsec/keys';
import { instanceLogger, pluginLogger } from '@parsec/observability';
import type { Clock, Health, PluginKind } from '@parsec/plugin-sdk';
import { SharedReplayMarks, TrustedIssuers, type ReplayMarks } from '@parsec/trust';
import type { Logger } from 'pino';
import type { State } from '@parsec/state';
import { compileRoutes } from './compile-routes.js';
import { openOutgoing } from './open-outgoing.js';
import { maxAgeOf, openSigners } from './open-signers.js';
import { openState } from './open-state.js';

/** What a service stands on that does not come from its configuration. */
export interface ServiceSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: ExchangeObserver;
  readonly keyObserver: KeyObserver;
  /** Used client assertions; they stay used when the configuration changes. */
  readonly replayMarks: ReplayMarks;
}

/** How one part of the service is. */
export interface PartHealth extends Health {
  readonly kind: PluginKind | 'trusted_issuer' | 'signer' | 'state';
  readonly name: string;
}

/** Everything that one configuration yields, open and compiled: a generation and the road that stands on it. */
export class Service {
  private constructor(
    readonly configuration: Configuration,
    readonly exchange: Exchange,
    readonly publishedKeys: PublishedKeys,
    readonly issuers: TrustedIssuers,
    readonly signers: ReadonlyMap<string, Signer>,
    private readonly generation: Generation,
    private readonly state: State,
    private readonly closers: readonly Closer[],
  ) {}

  /**
   * Opens instances, trusted issuers, state and signers, in this order.
   * @throws ParsecError where something is wrong here; whatever was open is closed again. A remote that is down is no such thing.
   */
  static async open(configuration: Configuration, around: ServiceSurroundings): Promise<Service> {
    const { clock, logger, observer, keyObserver, replayMarks } = around;
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
      const client = await openOutgoing(configuration);
      closers.push(() => client.close());
      const stores = new Map([...generation.ofKind('trust_store')].map(([name, { api }]) => [name, api]));
      const issuers = await TrustedIssuers.open(stores, {
        directory,
        clock,
        logger: pluginLogger(logger),
        serviceIdentifiers: identifiers,
        client,
      });
      closers.push(() => issuers.close());

      const state = await openState(configuration, clock, pluginLogger(logger));
      closers.push(() => state.close());
      const signers = new Map<string, Signer>();
      closers.push(async () => void (await Promise.all([...signers.values()].map((signer) => signer.close()))));
      const keyManagers = generation.ofKind('key_manager');
      await openSigners(configuration, { keyManagers, state, clock, logger: pluginLogger(logger), observer: keyObserver }, signers);

      const exchange = new Exchange({
        trustDomain: settings.trust_domain,
        routes: compileRoutes(settings, generation, signers),
        trust: {
          methods: settings.server.client_authentication,
          issuers,
          replayMarks: state.marks ? new SharedReplayMarks(state.marks, replayMarks, clock, settings.replay.on_outage) : replayMarks,
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
        new PublishedKeys([...signers.values()], maxAgeOf(configuration)),
        issuers,
        signers,
        generation,
        state,
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
    return [...this.signers.values()].every((signer) => signer.ready);
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
      ...[...this.signers.values()].map((signer) => ({ kind: 'signer' as const, name: signer.name, ...signer.health() })),
      { kind: 'state' as const, name: this.configuration.settings.state.type, status: this.state.up ? 'up' : 'down' },
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
