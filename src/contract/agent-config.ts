/**
 * What an agent is told when its pod starts: JSON in the environment variable {@link AGENT_CONFIG_VARIABLE}. The daemon
 * reads it back from the pod template to learn what is injected.
 */
import * as v from 'valibot';

export const AGENT_CONFIG_VARIABLE = 'TP_AGENT_CONFIG';

export const protocols = ['TCP', 'UDP'] as const;
export type Protocol = (typeof protocols)[number];

/** How a Service's traffic reaches the agent (docs/ARCHITECTURE.md, "Redirects"). */
export const redirects = ['port-name', 'service', 'nftables'] as const;
export type Redirect = (typeof redirects)[number];

/** One port of the application that the agent stands in front of. */
export interface TakenPort {
  protocol: Protocol;
  /** Where the agent listens, on all addresses of the pod. */
  listenPort: number;
  /** Where the application listens. */
  appPort: number;
  /** Container that owns the port. */
  appContainer: string;
  /** Name of the port in the pod template, if it has one. */
  portName?: string | undefined;
  redirect: Redirect;
  /**
   * The container has an HTTP probe on this port. Under `nftables` the kubelet's probes arrive at the agent as well,
   * which then tells them by their User-Agent and sends them to the application.
   */
  httpProbe?: boolean | undefined;
}

/** A container whose environment the agent can tell. */
export interface MirroredContainer {
  name: string;
  /** Each of the container's variables stands in the agent's environment under this prefix. */
  environmentPrefix: string;
}

export interface AgentConfig {
  /** Version of this structure. */
  version: 1;
  role: 'agent' | 'gateway';
  /** `deploy/web`; for the gateway `pod/tp-gateway`. */
  workload: string;
  ports: TakenPort[];
  containers: MirroredContainer[];
}

const port: v.GenericSchema<unknown, number> = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(65535),
);

export const agentConfigSchema: v.GenericSchema<unknown, AgentConfig> = v.object({
  version: v.literal(1),
  role: v.picklist(['agent', 'gateway']),
  workload: v.string(),
  ports: v.array(
    v.object({
      protocol: v.picklist(protocols),
      listenPort: port,
      appPort: port,
      appContainer: v.string(),
      portName: v.optional(v.string()),
      redirect: v.picklist(redirects),
      httpProbe: v.optional(v.boolean()),
    }),
  ),
  containers: v.array(v.object({ name: v.string(), environmentPrefix: v.string() })),
});

/** Variables that the pod template adds to the agent from the downward API. */
export const agentVariables = {
  podName: 'TP_AGENT_POD',
  namespace: 'TP_AGENT_NAMESPACE',
  podIp: 'TP_AGENT_POD_IP',
} as const;
