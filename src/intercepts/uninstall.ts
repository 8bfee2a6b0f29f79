/**
 * Takes everything of `tp` out of a workload or a namespace: Services first, while the agents still answer, then the
 * templates, and the certificates last. What somebody else set meanwhile stays. It can be run again at any time.
 */
import type { Progress, UninstallResult } from '../contract/index.ts';
import type { Clock, Logger } from '../core/index.ts';
import { isToolError, raise } from '../errors/index.ts';
import type { KubeClient, V1Service } from '../kube/index.ts';
import { awaitLeads } from './await-leads.ts';
import { changeTemplate } from './change-template.ts';
import type { OperationContext } from './context.ts';
import { createDeadline } from './deadline.ts';
import { deriveSignal } from './derived-signal.ts';
import type { ExpectedLead } from './endpoints.ts';
import { readInventory, type Inventory } from './inventory.ts';
import { findLeftovers, leftoversOf, type Leftovers } from './leftovers.ts';
import type { PodRecovery } from './recreate-pod.ts';
import { findTarget } from './resolve-target.ts';
import { assertRights } from './rights.ts';
import { awaitRollout } from './rollout.ts';
import { readSwitchRecord, switchedPorts } from './service-switch.ts';
import { removeShared } from './shared-objects.ts';
import { restoreService } from './switch-services.ts';
import { deleteStuckPods } from './stuck-pods.ts';
import { parseTargetName } from './target-name.ts';
import { planTemplateChange } from './template-change.ts';
import type { Workload } from './workload.ts';

export interface UninstallOptions {
  namespace: string;
  /** Service or workload; absent: everything in the namespace, with the gateway and the certificates. */
  name?: string | undefined;
  /** Without a name: labels of workloads, and of the gateway, that keep what they have, because somebody uses them. */
  spare?: ReadonlySet<string> | undefined;
  /** For all of it. What was restored by then stays so. */
  timeoutMs: number;
  /** The user agreed that bare Pods are deleted and created again. */
  confirmed: boolean;
  recovery: PodRecovery;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

/**
 * @throws {TARGET_NOT_FOUND, TARGET_AMBIGUOUS, TARGET_UNSUPPORTED, USAGE_CONFIRMATION_NEEDED, KUBE_FORBIDDEN} before
 *   anything is changed
 * @throws {UNINSTALL_INCOMPLETE, KUBE_CONFLICT} and other KUBE_*
 */
export async function uninstall(kube: KubeClient, options: UninstallOptions): Promise<UninstallResult> {
  const { namespace, name, spare = new Set(), timeoutMs, clock, logger, onProgress } = options;
  const signal = deriveSignal(options.signal);
  const deadline = createDeadline(clock, timeoutMs);
  const context: OperationContext = { kube, clock, logger, deadline, signal, onProgress };
  const inventory = await readInventory(kube, namespace, { signal });
  const leftovers =
    name === undefined ? without(findLeftovers(inventory), spare) : findNamed(inventory, name);
  await assertPossible(kube, leftovers, options);

  const removed: string[] = [];
  const leads = await restoreServices(context, namespace, leftovers.services, removed);
  // Each workload waits for its own pods.
  const outcomes = await Promise.allSettled(
    leftovers.workloads.map((workload) =>
      removeAgent(context, workload, {
        leads: leads.get(workload.label) ?? [],
        recovery: options.recovery,
        removed,
      }),
    ),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  if (name === undefined) removed.push(...(await removeShared(kube, { namespace, spare, logger, signal })));
  return { removed };
}

function without({ workloads, services }: Leftovers, spare: ReadonlySet<string>): Leftovers {
  return {
    workloads: workloads.filter(({ label }) => !spare.has(label)),
    services: services.filter((service) => !spare.has(readSwitchRecord(service)?.workload ?? '')),
  };
}

/** What a name means; a Service whose workload is gone still has itself to be restored. */
function findNamed(inventory: Inventory, name: string): Leftovers {
  const parsed = parseTargetName(name);
  const service = findLeftovers(inventory).services.find(({ metadata }) => metadata?.name === parsed.name);
  try {
    return leftoversOf(inventory, findTarget(inventory, parsed).workload);
  } catch (error) {
    if (!isToolError(error, 'TARGET_WITHOUT_WORKLOAD') || service === undefined) throw error;
    return { workloads: [], services: [service] };
  }
}

async function assertPossible(
  kube: KubeClient,
  { workloads, services }: Leftovers,
  { namespace, confirmed, signal }: UninstallOptions,
): Promise<void> {
  const pods = workloads.filter(({ kind }) => kind === 'Pod').map(({ label }) => label);
  if (pods.length > 0 && !confirmed)
    raise('USAGE_CONFIRMATION_NEEDED', {
      action: `to lose its agent, ${pods.join(', ')} is deleted and created again`,
    });
  const switchesServices = services.length > 0;
  for (const workload of workloads)
    await assertRights(kube, ['uninstall'], {
      action: `uninstall ${workload.label}`,
      namespace,
      workload,
      switchesServices,
      signal,
    });
}

/** @returns where the Services of each workload lead then */
async function restoreServices(
  { kube, clock, signal, onProgress }: OperationContext,
  namespace: string,
  services: readonly V1Service[],
  removed: string[],
): Promise<Map<string, ExpectedLead[]>> {
  const leads = new Map<string, ExpectedLead[]>();
  for (const service of services) {
    const name = service.metadata?.name ?? '';
    const workload = readSwitchRecord(service)?.workload ?? '';
    onProgress({ step: `service ${name}`, message: `svc/${name}: being switched back` });
    if (!(await restoreService(kube, service, { namespace, clock, signal }))) continue;
    removed.push(`svc/${name}`);
    leads.set(workload, [...(leads.get(workload) ?? []), ...leadsOf(service)]);
  }
  return leads;
}

/** Where the ports of `service` led before they were switched. */
function leadsOf(service: V1Service): ExpectedLead[] {
  return switchedPorts(service).map(({ protocol, port, targetPort }) => ({
    service: service.metadata?.name ?? '',
    port,
    portName: service.spec?.ports?.find(
      (entry) => entry.port === port && (entry.protocol ?? 'TCP') === protocol,
    )?.name,
    protocol,
    podPort: targetPort,
  }));
}

interface RemoveOptions {
  leads: readonly ExpectedLead[];
  recovery: PodRecovery;
  removed: string[];
}

async function removeAgent(
  context: OperationContext,
  workload: Workload,
  { leads, recovery, removed }: RemoveOptions,
): Promise<void> {
  const { kube, onProgress } = context;
  const { label } = workload;
  const missing = await awaitLeads(kube, { ...context, workload, leads, isCurrent: () => true });
  if (missing !== undefined) raise('UNINSTALL_INCOMPLETE', { workload: label, reason: missing });
  const isChange = planTemplateChange(workload, undefined).length > 0;
  const changed = await changeTemplate(context, {
    workload,
    choose: (now) => (planTemplateChange(now, undefined).length > 0 ? undefined : 'keep'),
    recovery,
  });
  await deleteStuckPods(context, changed);
  if (isPaused(changed)) {
    onProgress({
      step: `rollout ${label}`,
      message: `${label}: paused, its pods keep the agent until it is resumed`,
    });
  } else {
    const outcome = await awaitRollout(kube, { ...context, workload: changed, goal: { kind: 'none' } });
    if (outcome.kind === 'timeout') raise('UNINSTALL_INCOMPLETE', { workload: label, reason: outcome.text });
    // Deleted meanwhile: then its agents are gone too.
    if (outcome.kind === 'failed' && outcome.failure.kind !== 'deleted')
      raise('UNINSTALL_INCOMPLETE', { workload: label, reason: outcome.failure.reason });
  }
  if (isChange) removed.push(label);
}

function isPaused(workload: Workload): boolean {
  return workload.kind === 'Deployment' && workload.object.spec?.paused === true;
}
