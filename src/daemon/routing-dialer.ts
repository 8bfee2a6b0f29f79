/** Dials for local programs: through the cluster what belongs there, from this machine the rest. */
import type { Duplex } from 'node:stream';
import type { DatagramDialer, Dialer, UdpAssociation } from '../net/index.ts';
import type { DestinationPolicy, Side } from './destinations.ts';

export function createRoutingDialer(
  policy: DestinationPolicy,
  sides: Record<Side, Dialer & DatagramDialer>,
): Dialer & DatagramDialer {
  return {
    async dial(target, options): Promise<Duplex> {
      return sides[await policy.sideOf(target.host, options)].dial(target, options);
    },
    async associate(target, options): Promise<UdpAssociation> {
      return sides[await policy.sideOf(target.host, options)].associate(target, options);
    },
  };
}
