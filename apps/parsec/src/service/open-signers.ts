import { publishAheadOf, type Configuration } from '@parsec/config';
import { maxAgeFor, Signer, toLasting, type KeyObserver } from '@parsec/keys';
import type { Clock, KeyManager, PluginLogger } from '@parsec/plugin-sdk';
import type { State } from '@parsec/state';
import { find } from './compile-routes.js';
import { replicaTimeoutOf } from './open-state.js';

/** What signers stand on. */
export interface SignerSurroundings {
  readonly keyManagers: ReadonlyMap<string, { readonly api: KeyManager }>;
  readonly state: State;
  readonly clock: Clock;
  readonly logger: PluginLogger;
  readonly observer: KeyObserver;
}

/** How long verifiers are told to keep the JWKS, milliseconds. */
export function maxAgeOf({ settings }: Configuration): number {
  return maxAgeFor([...settings.signers.values()].map(({ rotation }) => publishAheadOf(rotation)));
}

/**
 * Opens the signers of a configuration one after the other, into `opened`, so that those that are open can be closed where one fails.
 * @throws ParsecError where a signer cannot be opened
 */
export async function openSigners(configuration: Configuration, around: SignerSurroundings, opened: Map<string, Signer>): Promise<void> {
  const { signers, token_issuers: tokenIssuers } = configuration.settings;
  const { keyManagers, state, ...rest } = around;
  const isEphemeral = (name: string): boolean => keyManagers.get(name)?.api.ephemeral === true;
  for (const [name, section] of signers) {
    const { key_manager: keyManager, previous_key_manager: previous, algorithm, rotation, shared_keys: sharedKeys } = section;
    const names = previous === undefined ? [keyManager] : [keyManager, previous];
    const lifetimes = [...tokenIssuers.values()].filter(({ signer }) => signer === name).map(({ ttl }) => ttl);
    const signer = await Signer.open({
      ...rest,
      name,
      algorithm,
      keyManager,
      keyManagers: new Map(names.map((each) => [each, find(keyManagers, each).api])),
      rotation: { every: rotation.every, publishAhead: publishAheadOf(rotation) },
      maxAge: maxAgeOf(configuration),
      tokenLifetime: Math.max(...lifetimes),
      documents: state.documents(name, (value) => toLasting(value, isEphemeral)),
      replica: { name: state.replica, sharedKeys, timeout: replicaTimeoutOf(configuration) },
    });
    opened.set(name, signer);
  }
}
