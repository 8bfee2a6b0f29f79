/**
 * Sees to it that every pod of a workload has an agent that takes the ports that are wanted, and that their Services lead
 * to it. Where that is so already, nothing is changed. What fails on the way is undone.
 */
import type { Progress, Redirect } from '../contract/index.ts';
import {
  createDisposalStack,
  describeError,
  type Clock,
  type DisposalStack,
  type Logger,
} from '../core/index.ts';
import { raise } from '../errors/index.ts';
import { paths, type KubeClient, type V1Pod, type V1Service } from '../kube/index.ts';
import { readPieces, readRecord } from './agent-pieces.ts';
import { awaitLeads } from './await-leads.ts';
import { ensureCertificates } from './certificates.ts';
import { changeTemplate, revertTemplate } from './change-template.ts';
import type { AppPort } from './choose-ports.ts';
import { UNDO_TIMEOUT_MS, withOwnSignal, type OperationContext } from './context.ts';
import { createDeadline } from './deadline.ts';
import { deriveSignal } from './derived-signal.ts';
import {
  planIntercept,
  withFreshImage,
  type InterceptPlan,
  type InterceptablePort,
  type PlanOptions,
} from './plan-intercept.ts';
import { assertAdmitted, assertInjectable } from './preflight.ts';
import type { PodRecovery } from './recreate-pod.ts';
import type { Target } from './resolve-target.ts';
import { assertRights } from './rights.ts';
import { awaitRollout } from './rollout.ts';
import { toRolloutError } from './rollout-error.ts';
import { restoreService, switchService } from './switch-services.ts';
import { planTemplateChange } from './template-change.ts';
import { podsOf, templateOf, type PodSelection, type Workload } from './workload.ts';

export interface EnsureAgentOptions {
  target: Target;
  /** From `choosePorts`. */
  ports: readonly AppPort[];
  redirect: 'auto' | Redirect;
  /** Of the agent, where it is not injected already. */
  image: string;
  /** For the whole operation; when it is over, what was changed is undone. */
  timeoutMs: number;
  /** The user agreed that a bare Pod is deleted and created again. */
  confirmed: boolean;
  recovery: PodRecovery;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

export interface EnsuredAgent {
  /** As it is now. */
  workload: Workload;
  /** One for each port that was asked for, in that order. */
  ports: InterceptablePort[];
  /** Selects the workload's pods; those with the agent are among them. */
  pods: PodSelection;
  /** Pods were replaced for this. */
  restarted: boolean;
}

/**
 * @throws {TARGET_UNSUPPORTED, REDIRECT_IMPOSSIBLE, FIELD_MANAGED_ELSEWHERE, KUBE_FORBIDDEN, POD_REFUSED,
 *   USAGE_CONFIRMATION_NEEDED} before anything is changed
 * @throws {IMAGE_NOT_PULLABLE, ROLLOUT_FAILED, ROLLOUT_TIMEOUT, KUBE_CONFLICT}, and what `signal` says, after everything
 *   was undone
 */
export async function ensureAgent(kube: KubeClient, options: EnsureAgentOptions): Promise<EnsuredAgent> {
  const { target, timeoutMs, clock, logger, onProgress } = options;
  const signal = deriveSignal(options.signal);
  const { workload } = target;
  const context: OperationContext = {
    kube,
    clock,
    logger,
    deadline: createDeadline(clock, timeoutMs),
    signal,
    onProgress,
  };
  assertInjectable(workload);
  const plan = await planFresh(context, options);
  logger.info('planned the intercept', {
    workload: workload.label,
    ports: plan.ports,
    changesTemplate: plan.isChange,
    switches: plan.switches.map(({ service }) => service.metadata?.name),
  });
  const { namespace } = workload;
  await assertRights(kube, ['tunnel', 'intercept'], {
    action: `intercept ${workload.label}`,
    namespace,
    workload,
    switchesServices: plan.switches.length > 0,
    signal,
  });
  if (plan.isChange) await checkChange(context, plan, options);
  await ensureCertificates(kube, namespace, { clock, signal });

  const undo = createDisposalStack();
  try {
    const current = plan.isChange ? await inject(context, plan, options, undo) : workload;
    const changed = await rollOut(context, current, plan, options, undo);
    await switchAll(context, changed, plan, undo);
    await settle(context, changed, plan, undo);
    return { workload: changed, ports: plan.ports, pods: podsOf(changed), restarted: plan.isChange };
  } catch (error) {
    await undoAll(undo, logger);
    throw error;
  }
}

/** The plan; with a new image when the agent that is there does not work, as after a wrong image. */
async function planFresh(context: OperationContext, options: EnsureAgentOptions): Promise<InterceptPlan> {
  const { kube, clock, signal } = context;
  const { target, image } = options;
  const plan = planIntercept(options);
  if (plan.isChange || plan.pieces.container.image === image) return plan;
  const outcome = await awaitRollout(kube, {
    workload: target.workload,
    goal: { kind: 'agent', ports: plan.ports },
    deadline: createDeadline(clock, 0),
    clock,
    signal,
    onProgress: () => undefined,
  });
  return outcome.kind === 'done' ? plan : withFreshImage(plan, options);
}

async function checkChange(
  { kube, signal }: OperationContext,
  { pieces }: InterceptPlan,
  { target: { workload }, confirmed }: EnsureAgentOptions,
): Promise<void> {
  if (workload.kind === 'Pod' && !confirmed)
    raise('USAGE_CONFIRMATION_NEEDED', {
      action: `${workload.label} has no controller; to get an agent it is deleted and created again`,
    });
  await assertAdmitted(kube, workload, planTemplateChange(workload, pieces), { signal });
}

/** Changes the template, and registers the way back. */
async function inject(
  context: OperationContext,
  plan: InterceptPlan,
  options: EnsureAgentOptions,
  undo: DisposalStack,
): Promise<Workload> {
  const { workload } = options.target;
  const { recovery, image } = options;
  let previous = readPieces(workload.label, templateOf(workload));
  const changed = await changeTemplate(context, {
    workload,
    choose: (now) => {
      previous = readPieces(now.label, templateOf(now));
      if (now.object === workload.object) return plan.pieces;
      return replan({ ...options, target: { ...options.target, workload: now } }, plan, image);
    },
    recovery,
  });
  undo.defer(() =>
    withOwnSignal(context.clock, UNDO_TIMEOUT_MS, (signal) =>
      revertTemplate({ ...context, signal }, { workload: changed, previous, recovery }),
    ),
  );
  return changed;
}

/** Somebody changed the workload since it was read, perhaps to inject an agent as well. */
function replan(options: PlanOptions, first: InterceptPlan, image: string): InterceptPlan['pieces'] | 'keep' {
  const again = planIntercept(options);
  if (again.isChange) return again.pieces;
  const isOurImage = again.pieces.container.image === image;
  return isOurImage || !first.isChange ? 'keep' : withFreshImage(again, options).pieces;
}

async function rollOut(
  context: OperationContext,
  workload: Workload,
  plan: InterceptPlan,
  { image }: EnsureAgentOptions,
  undo: DisposalStack,
): Promise<Workload> {
  const { kube, deadline, clock, logger, signal, onProgress } = context;
  const outcome = await awaitRollout(kube, {
    workload,
    goal: { kind: 'agent', ports: plan.ports },
    deadline,
    clock,
    signal,
    onProgress,
  });
  if (outcome.kind === 'done') return outcome.workload;
  if (plan.isChange)
    onProgress({ step: `rollout ${workload.label}`, message: `${workload.label}: failed, being undone` });
  const undone = plan.isChange && (await undoAll(undo, logger));
  throw toRolloutError(outcome, {
    workload: workload.label,
    image,
    seconds: deadline.timeoutMs / 1000,
    undone,
  });
}

/** Switches one Service after the other: all pods have their agent, so each Service keeps its endpoints. */
async function switchAll(
  context: OperationContext,
  workload: Workload,
  { switches }: InterceptPlan,
  undo: DisposalStack,
): Promise<void> {
  const { kube, clock, signal, onProgress } = context;
  const { namespace, label } = workload;
  for (const change of switches) {
    const name = change.service.metadata?.name ?? '';
    onProgress({ step: `service ${name}`, message: `svc/${name}: being switched to the agent` });
    const wasChanged = await switchService(kube, change, { namespace, workload: label, clock, signal });
    if (!wasChanged) continue;
    undo.defer(() =>
      withOwnSignal(clock, UNDO_TIMEOUT_MS, async (ownSignal) => {
        const service = await kube.find<V1Service>(paths.services(namespace, name), { signal: ownSignal });
        if (service !== undefined)
          await restoreService(kube, service, { namespace, clock, signal: ownSignal });
      }),
    );
  }
}

/** Waits until the Services lead to agents only. */
async function settle(
  context: OperationContext,
  workload: Workload,
  plan: InterceptPlan,
  undo: DisposalStack,
): Promise<void> {
  const { kube, deadline, logger } = context;
  const revision = readRecord(workload.label, templateOf(workload))?.revision;
  const isCurrent = (pod: V1Pod): boolean => readRecord(workload.label, pod)?.revision === revision;
  const missing = await awaitLeads(kube, { ...context, workload, leads: plan.leads, isCurrent });
  if (missing === undefined) return;
  const undone = await undoAll(undo, logger);
  raise('ROLLOUT_TIMEOUT', {
    workload: workload.label,
    seconds: deadline.timeoutMs / 1000,
    state: missing,
    undone,
  });
}

/** @returns whether everything was undone */
async function undoAll(undo: DisposalStack, logger: Logger): Promise<boolean> {
  try {
    await undo.dispose();
    return true;
  } catch (error) {
    logger.error('cannot undo', { error: describeError(error) });
    return false;
  }
}
