/** Connections, intercepts and their parts in words, as several commands show them. */
import { formatSocketAddress } from '../../src/address/index.ts';
import type { ConnectionStatus, InterceptedPort, InterceptStatus } from '../../src/contract/index.ts';
import { formatLines } from './text.ts';

/** The lines below the heading of a connection: server, way in, proxy, forwards. */
export function describeConnection(connection: ConnectionStatus): string[] {
  const { server, via, proxy } = connection;
  return [
    `  server:  ${server}`,
    `  through: ${via}`,
    `  proxy:   ${formatSocketAddress(proxy)} (SOCKS5 and HTTP)`,
    ...describeForwards(connection),
  ];
}

/** A line for each forward, with the port on which it really listens. */
export function describeForwards({ forwards }: ConnectionStatus): string[] {
  return forwards.map(({ address, boundPort, host, port }) => {
    const listening = formatSocketAddress({ host: address, port: boundPort });
    return `  forward: ${listening} -> ${formatSocketAddress({ host, port })}`;
  });
}

/** Whose traffic arrives: the Services, or the container's own port when none leads there. */
export function describeTraffic({ services, container, containerPort, protocol }: InterceptedPort): string {
  const names = services.length > 0 ? services.join(',') : `${container}:${containerPort}`;
  return protocol === 'TCP' ? names : `${names}/${protocol}`;
}

/** Where the local process listens. */
export function describeLocal({ localAddress, localPort }: InterceptedPort): string {
  return formatSocketAddress({ host: localAddress, port: localPort });
}

/** How many of the pods are intercepted, as `2/3`. */
export function countPods({ pods }: InterceptStatus): string {
  return `${pods.filter(({ state }) => state === 'intercepted').length}/${pods.length}`;
}

/** Lines about the pods whose traffic does not arrive, and why. */
export function formatMissingPods({ name, pods }: InterceptStatus): string {
  const lines = pods.flatMap(({ name: pod, state, holder }) => {
    if (state === 'intercepted') return [];
    if (state === 'reconnecting')
      return [
        `${name}: pod ${pod} is out of reach, its new traffic stays in the cluster, open connections wait`,
      ];
    const reason = state === 'held' ? `held by ${holder ?? 'somebody else'}` : 'not connected yet';
    return [`${name}: pod ${pod} is ${reason}, its traffic stays in the cluster`];
  });
  return formatLines(lines);
}
