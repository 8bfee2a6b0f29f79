import {
  findIpAddress,
  formatSocketAddress,
  isLoopback,
  toUnmapped,
  type SocketAddress,
} from '../address/index.ts';
import { createError } from '../errors/index.ts';
import type { Dialer } from '../net/index.ts';

/**
 * Refuses to dial the proxy's own address, which would lead to the proxy again and so on, until all descriptors are
 * used up. It sees the usual spellings; a name that somebody points at 127.0.0.1 is stopped by the connection limit.
 */
export function guardAgainstLoop(dialer: Dialer, own: () => SocketAddress): Dialer {
  return {
    async dial(target, options) {
      if (leadsTo(target, own())) {
        throw createError('NET_DENIED', {
          target: formatSocketAddress(target),
          reason: 'this is the proxy itself',
        });
      }
      return dialer.dial(target, options);
    },
  };
}

function leadsTo(target: SocketAddress, own: SocketAddress): boolean {
  if (target.port !== own.port) return false;
  const ip = findIpAddress(target.host);
  if (ip === undefined) return /^(.*\.)?localhost\.?$/i.test(target.host);
  const isUnspecified = toUnmapped(ip).bytes.every((byte) => byte === 0);
  return isLoopback(ip) || isUnspecified || target.host === own.host;
}
