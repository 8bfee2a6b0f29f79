/** What an injection adds to a pod template: building it for the ports that are taken, and reading it back. */
import { createHash } from 'node:crypto';
import {
  AGENT_CONFIG_VARIABLE,
  AGENT_CONTAINER,
  AGENT_SECRET,
  AGENT_TLS_DIRECTORY,
  AGENT_VOLUME,
  HEALTH_PORT,
  INJECTION_ANNOTATION,
  REDIRECT_CONTAINER,
  agentConfigSchema,
  agentVariables,
  injectionRecordSchema,
  validate,
  type AgentConfig,
  type InjectionRecord,
  type TakenPort,
} from '../contract/index.ts';
import { createError } from '../errors/index.ts';
import type { V1Container, V1SecurityContext, V1Volume } from '../kube/index.ts';
import { agentPortNames } from './agent-port-names.ts';
import { mirrorEnvironment } from './mirrored-environment.ts';
import { appContainers } from './template-ports.ts';
import type { PodTemplate } from './workload.ts';

/** Tells kubectl which container `logs` and `exec` mean; with the agent in front it would be the agent. */
export const DEFAULT_CONTAINER_ANNOTATION = 'kubectl.kubernetes.io/default-container';

/** The user of the agent's image. Numeric, so that the kubelet can check `runAsNonRoot`. */
export const AGENT_USER = 65532;

/**
 * Requests are what an idle agent needs; a relay at full speed takes one core and some megabytes of buffers. Limits stand
 * here because a ResourceQuota on limits refuses every pod that has a container without them.
 */
export const agentResources = {
  requests: { cpu: '10m', memory: '64Mi' },
  limits: { cpu: '1', memory: '256Mi' },
} as const;

/** All that one injection adds. */
export interface AgentPieces {
  container: V1Container;
  /** `first` lets the agent's ports take names which the application's containers use too. */
  position: 'first' | 'last';
  /** The init container of `--redirect nftables`. */
  redirectContainer?: V1Container;
  volume: V1Volume;
  /** Annotations of the pod template. */
  annotations: Record<string, string>;
}

export interface PiecesOptions {
  /** `deploy/web` */
  workload: string;
  /** The template without an agent. */
  template: PodTemplate;
  ports: TakenPort[];
  image: string;
}

export function buildPieces({ workload, template, ports, image }: PiecesOptions): AgentPieces {
  const containers = appContainers(template);
  const mirrored = mirrorEnvironment(containers);
  const config: AgentConfig = {
    version: 1,
    role: 'agent',
    workload,
    ports,
    containers: mirrored.containers,
  };
  const names = ports.map((port) => ({ port, ...agentPortNames(template, port) }));
  const container: V1Container = {
    ...agentContainer(image, 'agent'),
    ports: names.flatMap(({ port: { listenPort, protocol }, names: portNames }) =>
      portNames.map((name) => ({ name, containerPort: listenPort, protocol })),
    ),
    // The agent's own variables come last: a reference in the application's must not mean one of them.
    env: [...mirrored.env, ...ownVariables(config)],
    ...(mirrored.envFrom.length === 0 ? {} : { envFrom: mirrored.envFrom }),
    readinessProbe: agentReadinessProbe,
  };
  const position = names.some(({ isShared }) => isShared) ? 'first' : 'last';
  const redirectContainer = ports.some(({ redirect }) => redirect === 'nftables')
    ? buildRedirectContainer(image, config)
    : undefined;
  const defaultContainer =
    template.metadata?.annotations?.[DEFAULT_CONTAINER_ANNOTATION] === undefined
      ? containers[0]?.name
      : undefined;
  const revision = createHash('sha256')
    .update(JSON.stringify([container, position, redirectContainer]))
    .digest('hex')
    .slice(0, 10);
  return {
    container,
    position,
    ...(redirectContainer === undefined ? {} : { redirectContainer }),
    volume: agentVolume,
    annotations: recordAnnotations({ version: 1, revision, defaultContainer }),
  };
}

/** The part of the container that agent and gateway share. */
export function agentContainer(image: string, role: AgentConfig['role']): V1Container {
  return {
    name: AGENT_CONTAINER,
    image,
    imagePullPolicy: 'IfNotPresent',
    args: [role],
    securityContext: {
      ...lockedDown,
      runAsNonRoot: true,
      runAsUser: AGENT_USER,
      runAsGroup: AGENT_USER,
      capabilities: { drop: ['ALL'] },
    },
    resources: { requests: { ...agentResources.requests }, limits: { ...agentResources.limits } },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: AGENT_VOLUME, mountPath: AGENT_TLS_DIRECTORY, readOnly: true }],
  };
}

/** What the agent's program reads at its start. */
export function ownVariables(config: AgentConfig): NonNullable<V1Container['env']> {
  const fromField = (name: string, fieldPath: string): NonNullable<V1Container['env']>[number] => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  return [
    { name: AGENT_CONFIG_VARIABLE, value: JSON.stringify(config) },
    fromField(agentVariables.podName, 'metadata.name'),
    fromField(agentVariables.namespace, 'metadata.namespace'),
    fromField(agentVariables.podIp, 'status.podIP'),
  ];
}

const lockedDown: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The agent is ready when all its ports listen. No liveness probe: a busy agent must not be killed with its connections. */
export const agentReadinessProbe: NonNullable<V1Container['readinessProbe']> = {
  httpGet: { path: '/ready', port: HEALTH_PORT },
  periodSeconds: 2,
  failureThreshold: 3,
};

/**
 * Readable by the agent's user whatever the pod's fsGroup is (0444). Optional, so that pods still start when somebody
 * has removed the Secret: the agent then leaves all traffic to the application.
 */
export const agentVolume: V1Volume = {
  name: AGENT_VOLUME,
  secret: { secretName: AGENT_SECRET, optional: true, defaultMode: 0o444 },
};

/** Needs root and NET_ADMIN in the pod's network namespace, for as long as it takes to load one rule set. */
function buildRedirectContainer(image: string, config: AgentConfig): V1Container {
  return {
    name: REDIRECT_CONTAINER,
    image,
    imagePullPolicy: 'IfNotPresent',
    args: ['redirect'],
    env: ownVariables({ ...config, containers: [] }),
    securityContext: {
      ...lockedDown,
      runAsNonRoot: false,
      runAsUser: 0,
      runAsGroup: 0,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
    },
    resources: { requests: { ...agentResources.requests }, limits: { ...agentResources.limits } },
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

/** Returns the agent's container of a template or pod. */
export function findAgentContainer(template: PodTemplate): V1Container | undefined {
  return template.spec?.containers.find(({ name }) => name === AGENT_CONTAINER);
}

/**
 * Reads what an earlier injection added; undefined when there is no agent. Parts that somebody removed are missing.
 * @throws {TARGET_UNSUPPORTED} when another version of `tp` wrote a record that this one cannot read
 */
export function readPieces(label: string, template: PodTemplate): AgentPieces | undefined {
  const container = findAgentContainer(template);
  if (container === undefined) return undefined;
  const { initContainers = [], volumes = [], containers = [] } = template.spec ?? {};
  const redirectContainer = initContainers.find(({ name }) => name === REDIRECT_CONTAINER);
  const record = readRecord(label, template);
  return {
    container,
    position: containers[0] === container ? 'first' : 'last',
    ...(redirectContainer === undefined ? {} : { redirectContainer }),
    volume: volumes.find(({ name }) => name === AGENT_VOLUME) ?? agentVolume,
    annotations: record === undefined ? {} : recordAnnotations(record),
  };
}

/**
 * Reads the record beside an injected agent, if there is one.
 * @throws {TARGET_UNSUPPORTED} when another version of `tp` wrote it
 */
export function readRecord(label: string, template: PodTemplate): InjectionRecord | undefined {
  const text = template.metadata?.annotations?.[INJECTION_ANNOTATION];
  if (text === undefined) return undefined;
  return validate(injectionRecordSchema, parseJson(text), (reason) => unreadable(label, reason));
}

function recordAnnotations(record: InjectionRecord): Record<string, string> {
  const { defaultContainer } = record;
  return {
    [INJECTION_ANNOTATION]: JSON.stringify(record),
    ...(defaultContainer === undefined ? {} : { [DEFAULT_CONTAINER_ANNOTATION]: defaultContainer }),
  };
}

/**
 * Reads the configuration out of an agent's container.
 * @throws {TARGET_UNSUPPORTED} when another version of `tp` wrote it
 */
export function readConfig(label: string, container: V1Container): AgentConfig {
  const text = container.env?.find(({ name }) => name === AGENT_CONFIG_VARIABLE)?.value;
  return validate(agentConfigSchema, parseJson(text ?? ''), (reason) => unreadable(label, reason));
}

/** Not JSON becomes undefined, which no schema takes. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(label: string, reason: string): Error {
  return createError('TARGET_UNSUPPORTED', {
    target: label,
    reason: `it carries an agent that another version of tp injected (${reason}); remove it with that version`,
  });
}
