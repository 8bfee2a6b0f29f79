/** The kubelet's probes that arrive at a port of a pod. */
import type { V1Container } from '../kube/index.ts';

export interface PortProbe {
  container: string;
  /** `livenessProbe` … */
  name: string;
  /** `http` is known by its User-Agent; the other kinds cannot be told from callers. */
  kind: 'http' | 'tcp' | 'grpc';
}

/** A named port is that of the probe's own container. */
export function probesOfPort(containers: readonly V1Container[], number: number): PortProbe[] {
  return containers.flatMap((container) => {
    const { livenessProbe, readinessProbe, startupProbe } = container;
    return Object.entries({ livenessProbe, readinessProbe, startupProbe }).flatMap(([name, probe]) => {
      const kind = probe?.httpGet ? 'http' : probe?.tcpSocket ? 'tcp' : probe?.grpc ? 'grpc' : undefined;
      const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port;
      const declared = container.ports?.find((entry) => entry.name === port)?.containerPort;
      return kind !== undefined && (declared ?? port) === number
        ? [{ container: container.name, name, kind }]
        : [];
    });
  });
}
