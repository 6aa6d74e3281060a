import type { ExchangeCall } from '@parsec/exchange';
import type { Request } from 'express';

/** traceparent (W3C Trace Context, section 3.2): version, trace id, parent id, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Who calls, as the socket and the trace context have it. */
export function callerOf(request: Request): Pick<ExchangeCall, 'peerIp' | 'traceId'> {
  const { traceparent } = request.headers;
  const traceId = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
  // A socket that listens for IPv6 shows IPv4 peers as mapped addresses.
  return { peerIp: (request.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d)/, ''), traceId };
}
