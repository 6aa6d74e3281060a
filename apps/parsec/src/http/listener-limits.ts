import type { ConfigurationSettings } from '@parsec/config';
import type { ListenerLimits } from './listener.js';

/** The limits of both listeners, as configuration has them. */
export function listenerLimits(limits: ConfigurationSettings['server']['limits']): ListenerLimits {
  return {
    headers: limits.headers,
    body: limits.body,
    headerTimeout: limits.header_timeout,
    requestTimeout: limits.request_timeout,
    keepAlive: limits.keep_alive,
    drain: limits.drain,
  };
}
