/** Tells from a Service's Endpoints where its traffic for the pods of one workload goes. */
import type { V1Endpoints, V1Pod } from '../kube/index.ts';
import { describePort } from './template-ports.ts';

/** Where a port of a Service is to lead. */
export interface ExpectedLead {
  service: string;
  /** The Service's port. */
  port: number;
  portName?: string | undefined;
  protocol: string;
  /** The port of the pods. */
  podPort: number;
}

export interface PodsBehind {
  /** All pods of the workload, those that are ending too. */
  own: readonly V1Pod[];
  /** Those that are as they should be. */
  current: readonly V1Pod[];
}

/**
 * Returns what is still to come, in words; undefined when every address of the workload's pods is of a current pod and
 * has the expected port, and there is one.
 */
export function findStaleLead(
  endpoints: V1Endpoints | undefined,
  { service, port, portName, protocol, podPort }: ExpectedLead,
  { own, current }: PodsBehind,
): string | undefined {
  const ownNames = new Set(own.map(({ metadata }) => metadata?.name));
  const currentNames = new Set(current.map(({ metadata }) => metadata?.name));
  const leads = (endpoints?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) => {
    const numbers = ports
      .filter((entry) => (entry.name ?? '') === (portName ?? '') && (entry.protocol ?? 'TCP') === protocol)
      .map((entry) => entry.port);
    const names = addresses
      .flatMap(({ targetRef }) => targetRef?.name ?? [])
      .filter((name) => ownNames.has(name));
    return numbers.flatMap((number) => names.map((name) => ({ name, number })));
  });
  const label = `svc/${service}:${port}`;
  const stale = leads.find(({ name, number }) => number !== podPort || !currentNames.has(name));
  if (stale !== undefined) return `${label} still leads to port ${stale.number} of ${stale.name}`;
  if (leads.length === 0 && current.length > 0)
    return `${label} does not yet lead to port ${describePort(podPort, protocol)} of any pod`;
  return undefined;
}
