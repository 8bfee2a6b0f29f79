/**
 * What the laptop may dial through the pod: all but link-local addresses, behind which clouds keep the credentials of the
 * node (169.254.169.254 and its like).
 */
import { BlockList, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { raise } from '../src/errors/index.ts';
import type { DatagramDialer, Dialer } from '../src/net/index.ts';
import type { Resolver } from './resolver.ts';

/** RFC 3927 and RFC 4291 §2.5.6. */
const denied = new BlockList();
denied.addSubnet('169.254.0.0', 16, 'ipv4');
denied.addSubnet('fe80::', 10, 'ipv6');

/** A name with more addresses is tried at the first of them only. */
const MAXIMUM_ADDRESSES = 4;

export function isDenied(address: string): boolean {
  return denied.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

interface PolicyOptions {
  resolver: Resolver;
  dialer: Dialer;
  datagramDialer: DatagramDialer;
}

/** Dialers that resolve names in the pod and keep to the policy. */
export function createPolicyDialers({
  resolver,
  dialer,
  datagramDialer,
}: PolicyOptions): Dialer & DatagramDialer {
  /** @throws {NET_NAME_NOT_FOUND} {NET_DENIED} */
  async function resolveAllowed(host: string): Promise<string[]> {
    const addresses = isIP(host) === 0 ? await resolver.lookup(host, 'any') : [host];
    if (addresses.length === 0) raise('NET_NAME_NOT_FOUND', { name: host });
    const allowed = addresses.filter((address) => !isDenied(address)).slice(0, MAXIMUM_ADDRESSES);
    if (allowed.length === 0)
      raise('NET_DENIED', { target: host, reason: 'link-local addresses are not dialled for others' });
    return allowed;
  }

  async function firstThatWorks<T>(host: string, dial: (address: string) => Promise<T>): Promise<T> {
    let failure: unknown;
    for (const address of await resolveAllowed(host)) {
      try {
        return await dial(address);
      } catch (error) {
        failure ??= error;
      }
    }
    throw failure;
  }

  return {
    dial: ({ host, port }, options): Promise<Duplex> =>
      firstThatWorks(host, (address) => dialer.dial({ host: address, port }, options)),
    associate: ({ host, port }, options) =>
      firstThatWorks(host, (address) => datagramDialer.associate({ host: address, port }, options)),
  };
}
