/** A workload whose pods are real agents on loopback, told of by a fake KubeClient: what an intercept works on. */
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { AGENT_CONTAINER, AUTHORITY_SECRET, MANAGED_BY, type Protocol } from '../../src/contract/index.ts';
import { systemClock } from '../../src/core/index.ts';
import { paths, type CallOptions, type PortForwardTarget, type V1Pod } from '../../src/kube/index.ts';
import { createTcpDialer } from '../../src/net/index.ts';
import { createAuthority, type Authority } from '../../src/pki/index.ts';
import { startAgentUnderTest, type AgentUnderTest } from './agent-under-test.ts';
import { createFakeKube, statusError, type FakeKube } from './fake-kube.ts';
import { container, NAMESPACE, pod } from './kube-objects.ts';
import { findClosedPort } from './sockets.ts';

export interface WorkloadPod extends AgentUnderTest {
  readonly name: string;
  /** Where callers from the cluster connect. */
  readonly callerPort: number;
}

/** As the name of {@link InterceptedWorkload.startPod}: one agent for each pod without one of its own. */
export const ANY_POD = 'any pod';

export interface InterceptedWorkload {
  readonly kube: FakeKube;
  readonly authority: Authority;
  /** Starts the agent of a pod; nobody hears of the pod before {@link InterceptedWorkload.show}. */
  startPod(name: string, port: PodPort): Promise<WorkloadPod>;
  /** Tells of the pod, its agent ready or not. */
  show(name: string, ready?: boolean): void;
  remove(name: string): void;
}

export interface PodPort {
  protocol?: Protocol;
  /** Where the application listens on 127.0.0.1. */
  appPort: number;
}

/** Made once per process: keys are slow. */
let authorityOnce: Promise<Authority> | undefined;

export async function createWorkload(t: TestContext): Promise<InterceptedWorkload> {
  authorityOnce ??= createAuthority({ commonName: 'test', nowMs: Date.now() });
  const authority = await authorityOnce;
  const dialer = createTcpDialer({ clock: systemClock });
  const tunnelPorts = new Map<string, number>();
  const kube = Object.assign(createFakeKube(), {
    async portForward({ pod }: PortForwardTarget, { signal }: CallOptions): Promise<Duplex> {
      const port = tunnelPorts.get(pod) ?? tunnelPorts.get(ANY_POD);
      if (port === undefined) throw statusError(404, 'NotFound', `pods "${pod}" not found`);
      return dialer.dial({ host: '127.0.0.1', port }, { signal });
    },
  });
  kube.put(paths.secrets(NAMESPACE, AUTHORITY_SECRET), {
    metadata: { name: AUTHORITY_SECRET, namespace: NAMESPACE, labels: MANAGED_BY },
    data: { 'ca.crt': toBase64(authority.certificate), 'ca.key': toBase64(authority.key) },
  });
  return {
    kube,
    authority,
    async startPod(name, { protocol = 'TCP', appPort }): Promise<WorkloadPod> {
      const callerPort = await findClosedPort();
      const taken = {
        protocol,
        appPort,
        listenPort: callerPort,
        appContainer: 'web',
        redirect: 'service',
      } as const;
      const agent = await startAgentUnderTest(t, [taken], { podName: name, authority });
      tunnelPorts.set(name, agent.agent.tunnelPort);
      return { ...agent, name, callerPort };
    },
    show(name, ready = true): void {
      kube.put(paths.pods(NAMESPACE, name), agentPod(name, ready));
    },
    remove: (name) => kube.drop(paths.pods(NAMESPACE, name)),
  };
}

/** A pod of `deploy/web` with an agent beside its application. */
export function agentPod(name: string, ready = true): V1Pod {
  return pod(name, {
    labels: { app: 'web' },
    containers: [container('web'), container(AGENT_CONTAINER)],
    status: agentStatus(ready),
  });
}

/** The status of a pod with an agent. */
export function agentStatus(ready = true): NonNullable<V1Pod['status']> {
  return {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    containerStatuses: [
      { name: AGENT_CONTAINER, ready, restartCount: 0, image: 'agent', imageID: '', started: ready },
    ],
  };
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
