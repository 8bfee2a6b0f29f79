/** The application's ports in a pod template. The agent's own container is never looked at. */
import { AGENT_CONTAINER, type Protocol } from '../contract/index.ts';
import type { V1Container, V1Service, V1ServicePort } from '../kube/index.ts';
import type { PodTemplate } from './workload.ts';

/** A port that a container declares. */
export interface DeclaredPort {
  protocol: string;
  containerPort: number;
  container: string;
  name?: string;
}

/** The containers that the workload's owner wrote. */
export function appContainers(template: PodTemplate): V1Container[] {
  return (template.spec?.containers ?? []).filter(({ name }) => name !== AGENT_CONTAINER);
}

/** Every declared port, in the order in which Kubernetes looks them through. */
export function declaredPorts(template: PodTemplate): DeclaredPort[] {
  return appContainers(template).flatMap((container) =>
    (container.ports ?? []).map(({ containerPort, name, protocol = 'TCP' }) => ({
      protocol,
      containerPort,
      container: container.name,
      ...(name === undefined ? {} : { name }),
    })),
  );
}

/**
 * Returns the declared port that a named `targetPort` means: that of the first container which has the name, with the
 * Service's protocol.
 * @see https://github.com/kubernetes/kubernetes/blob/v1.20.2/pkg/api/v1/pod/util.go#L34 FindPort
 */
export function findPortByName(
  template: PodTemplate,
  name: string,
  protocol: string,
): DeclaredPort | undefined {
  return declaredPorts(template).find((port) => port.name === name && port.protocol === protocol);
}

/** The names by which Services reach `containerPort`; one that an earlier container uses for another port is none. */
export function namesOfPort(template: PodTemplate, protocol: string, containerPort: number): string[] {
  const names = declaredPorts(template)
    .filter((port) => port.protocol === protocol && port.containerPort === containerPort)
    .flatMap(({ name }) => name ?? []);
  return [...new Set(names)].filter(
    (name) => findPortByName(template, name, protocol)?.containerPort === containerPort,
  );
}

/** Where a port of a Service leads in pods of `template`; undefined when it names a port that no container has. */
export function resolveTargetPort(
  template: PodTemplate,
  { port, protocol = 'TCP', targetPort = port }: V1ServicePort,
): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  return findPortByName(template, targetPort, protocol)?.containerPort;
}

export function isSupportedProtocol(protocol: string): protocol is Protocol {
  return protocol === 'TCP' || protocol === 'UDP';
}

/** A headless Service: its callers get the pods' addresses, and choose the port themselves. */
export function isHeadless(service: V1Service): boolean {
  return service.spec?.clusterIP === 'None';
}

/** `80 (http)`, `53/UDP (dns)`: a port as people tell them apart. */
export function describePort(port: number, protocol = 'TCP', name?: string): string {
  return `${port}${protocol === 'TCP' ? '' : `/${protocol}`}${name === undefined ? '' : ` (${name})`}`;
}
