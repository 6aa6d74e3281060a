import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Configuration } from '@parsec/config';
import { ParsecError, type Clock, type PluginLogger } from '@parsec/plugin-sdk';
import { LocalState, RedisState, type State } from '@parsec/state';

const DIRECTORY = './var/state';
const REPLICA_TIMEOUT = 600_000;

/** Opens the state that a configuration asks for. A store that is out is opened all the same. */
export async function openState({ settings, directory }: Configuration, clock: Clock, logger: PluginLogger): Promise<State> {
  const { state, server, trust_domain: trustDomain } = settings;
  if (state.type === 'memory') return new LocalState(resolve(directory, state.directory ?? DIRECTORY));
  const { url, secret, username, password } = state;
  if (url === undefined || secret === undefined) {
    throw new ParsecError('PARSEC_INTERNAL', 'state.url or state.secret is not there although the configuration was checked');
  }
  return RedisState.open({
    url,
    secret,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    trustDomain,
    replica: state.replica ?? `${hostname()}:${server.http_port}`,
    clock,
    logger,
  });
}

/** How long a silent replica holds up the others, milliseconds. */
export function replicaTimeoutOf({ settings }: Configuration): number {
  return settings.state.replica_timeout ?? REPLICA_TIMEOUT;
}
