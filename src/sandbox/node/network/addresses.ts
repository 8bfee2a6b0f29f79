/**
 * The sandbox's addresses. They exist in its own network namespace only, so they collide with nothing of the machine.
 */

/** The node, on the bridge of all pods. */
export const NODE_ADDRESS = '10.244.0.1';
export const POD_PREFIX = 16;
/** Service addresses are local to the node, where the service proxy listens on them. */
export const SERVICE_SUBNET = '10.96.0.0/16';
export const DNS_ADDRESS = '10.96.0.10';
export const BRIDGE = 'tp0';

/**
 * Who dials out of this subnet reaches a pod's loopback: 10.245.x.y that of the pod 10.244.x.y. A pod's loopback
 * addresses are all the same, so the source address says which pod is meant; see pod-network.ts.
 */
export const LOOPBACK_SOURCE_SUBNET = '10.245.0.0/16';

/** 10.244.0.0 to 10.244.255.255 without the first two and the last. */
const FIRST = 2;
const LAST = 0xfffe;

export interface AddressPool {
  /** @throws {Error} when all addresses are taken. */
  take(): string;
  release(address: string): void;
}

/** Gives each address out as late as possible again: what was cached about a gone pod does not hit another. */
export function createAddressPool(): AddressPool {
  const taken = new Set<number>();
  let next = FIRST;
  return {
    take(): string {
      for (let tries = FIRST; tries <= LAST; tries += 1) {
        const candidate = next;
        next = next === LAST ? FIRST : next + 1;
        if (taken.has(candidate)) continue;
        taken.add(candidate);
        return `10.244.${candidate >> 8}.${candidate & 255}`;
      }
      throw new Error('no address of the pod subnet is free');
    },
    release: (address): void => void taken.delete(indexOf(address)),
  };
}

/** The last two bytes of a pod's address as a number: unique among pods, and their routing table's number less 1000. */
export function indexOf(address: string): number {
  const [, , third, fourth] = address.split('.').map(Number);
  return ((third ?? 0) << 8) | (fourth ?? 0);
}

/** The source address that leads to the loopback of the pod with this address. */
export function loopbackSource(podAddress: string): string {
  return podAddress.replace('10.244.', '10.245.');
}
