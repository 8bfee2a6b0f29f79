/** What a pod is waiting for, in words, and whether it waits in vain. */
import { AGENT_CONTAINER, REDIRECT_CONTAINER } from '../contract/index.ts';
import type { CoreV1Event, V1ContainerStatus, V1Pod } from '../kube/index.ts';

/** Whose fault it is that a pod does not come up. */
export type PodFailure =
  | { kind: 'agent-image'; reason: string }
  | { kind: 'agent'; reason: string }
  | { kind: 'app'; reason: string };

export interface PodState {
  isReady: boolean;
  /** What it waits for; empty when it is ready. */
  waitsFor: string;
  /** Set when waiting longer does not help. */
  failure?: PodFailure;
}

/** Waiting reasons of the kubelet that mean that an image does not come. */
const imageReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
]);
/** Waiting reasons that mean that a container does not start. */
const startReasons = new Set([
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

/** @param events those that Kubernetes wrote about this pod */
export function judgePod(pod: V1Pod, events: readonly CoreV1Event[] = []): PodState {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  if (isReady(pod)) return { isReady: true, waitsFor: '' };
  const problem = findProblem(statuses);
  if (problem !== undefined) return { isReady: false, waitsFor: problem.reason, failure: problem };
  return { isReady: false, waitsFor: describeWaiting(pod, statuses, events) };
}

export function isReady(pod: V1Pod): boolean {
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Counts for its workload: neither on its way out nor finished. */
export function isActive(pod: V1Pod): boolean {
  const { phase } = pod.status ?? {};
  return pod.metadata?.deletionTimestamp === undefined && phase !== 'Succeeded' && phase !== 'Failed';
}

/** The agent's own problems come first: they are what can be mended here. */
function findProblem(statuses: readonly V1ContainerStatus[]): PodFailure | undefined {
  const problems = statuses.flatMap((status) => problemOf(status) ?? []);
  return problems.find(({ kind }) => kind !== 'app') ?? problems[0];
}

function problemOf(status: V1ContainerStatus): PodFailure | undefined {
  const { name, state, lastState } = status;
  const isAgent = name === AGENT_CONTAINER || name === REDIRECT_CONTAINER;
  const { reason = '', message = '' } = state?.waiting ?? {};
  if (imageReasons.has(reason)) {
    const text = describe(name, reason, message);
    // An image of the application can be slow to come back; only the kubelet's giving up counts.
    if (isAgent) return { kind: 'agent-image', reason: text };
    return reason === 'ErrImagePull' ? undefined : { kind: 'app', reason: text };
  }
  const kind = isAgent ? 'agent' : 'app';
  if (startReasons.has(reason)) {
    const last = lastState?.terminated;
    const why = last === undefined ? message : describeExit(last);
    return { kind, reason: describe(name, reason, why) };
  }
  const ended = state?.terminated;
  if (isAgent && ended !== undefined && ended.exitCode !== 0)
    return { kind, reason: describe(name, 'ended', describeExit(ended)) };
  return undefined;
}

type Terminated = NonNullable<NonNullable<V1ContainerStatus['state']>['terminated']>;

function describeExit({ reason = '', message = '', exitCode }: Terminated): string {
  const cause = reason === '' || reason === 'Error' ? `exit code ${exitCode}` : reason;
  const lines = message.trim().split('\n');
  const last = lines.at(-1) ?? '';
  return last === '' ? cause : `${cause}: ${last}`;
}

function describe(container: string, reason: string, message: string): string {
  const detail = oneLine(message);
  return `container ${container}: ${reason}${detail === '' ? '' : ` (${detail})`}`;
}

function describeWaiting(
  pod: V1Pod,
  statuses: readonly V1ContainerStatus[],
  events: readonly CoreV1Event[],
): string {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False')
    return `no node takes it (${oneLine(scheduled.message ?? scheduled.reason ?? '')})`;
  // Warnings stay for an hour: those about the volumes say nothing once the containers run.
  const isProbe = ({ reason }: CoreV1Event): boolean => reason === 'Unhealthy';
  const warning = latestWarning(events.filter((event) => !isProbe(event)));
  const initializing = pod.status?.initContainerStatuses?.find(({ ready }) => !ready);
  const waiting = initializing ?? statuses.find(({ state }) => state?.waiting !== undefined);
  const reason = waiting?.state?.waiting?.reason ?? '';
  if (reason !== '' && reason !== 'PodInitializing') return `${reason}${warning}`;
  if (initializing !== undefined) return `init container ${initializing.name}${warning}`;
  const unready = statuses.filter(({ ready, state }) => !ready && state?.running !== undefined);
  if (unready.length > 0)
    return `readiness of ${unready.map(({ name }) => name).join(', ')}${latestWarning(events.filter(isProbe))}`;
  return `${scheduled?.status === 'True' ? 'its start' : 'a node'}${warning}`;
}

function latestWarning(events: readonly CoreV1Event[]): string {
  const warnings = events.filter(({ type }) => type === 'Warning');
  const latest = warnings.sort((a, b) => timeOf(a).localeCompare(timeOf(b))).at(-1);
  return latest === undefined ? '' : ` (${latest.reason ?? ''}: ${oneLine(latest.message ?? '')})`;
}

/** When it happened last, in RFC 3339, which sorts as text. */
export function timeOf({ lastTimestamp, eventTime, metadata }: CoreV1Event): string {
  return lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '';
}

/** Messages of Kubernetes can be very long and of many lines. */
const MESSAGE_LIMIT = 300;

/** On one line, without the wrapping of the container runtime's interface. */
export function oneLine(text: string): string {
  const line = text
    .replaceAll(/rpc error: code = \w+ desc = /g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > MESSAGE_LIMIT ? `${line.slice(0, MESSAGE_LIMIT)}…` : line;
}
