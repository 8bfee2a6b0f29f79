/** What `tp doctor` says about one target: every way to intercept it, the rights that are missing, and what is odd. */
import type { DoctorChoice, DoctorReport } from '../contract/index.ts';
import { isToolError } from '../errors/index.ts';
import type { KubeClient, Right } from '../kube/index.ts';
import { allPorts, type AppPort } from './choose-ports.ts';
import { chooseRedirect, weighRedirects, type RedirectOption } from './choose-redirect.ts';
import { deriveSignal } from './derived-signal.ts';
import { collectFindings } from './findings.ts';
import { planIntercept } from './plan-intercept.ts';
import { assertAdmitted, whyNotInjectable } from './preflight.ts';
import { resolveTarget, type Target } from './resolve-target.ts';
import { describeRight, requiredRights } from './rights.ts';
import { operations } from './rights-table.ts';
import { planTemplateChange } from './template-change.ts';
import { describePort } from './template-ports.ts';

export interface DiagnoseOptions {
  namespace: string;
  name: string;
  /** Of the agent, as an intercept would take it. */
  image: string;
  signal: AbortSignal;
}

/**
 * Changes nothing; whether the cluster admits a pod with an agent is asked with dry runs.
 * @throws the errors of `resolveTarget`; KUBE_*
 */
export async function diagnose(kube: KubeClient, given: DiagnoseOptions): Promise<DoctorReport> {
  const options = { ...given, signal: deriveSignal(given.signal) };
  const { namespace, name, signal } = options;
  const [target, version] = await Promise.all([
    resolveTarget(kube, { namespace, name, signal }),
    kube.version({ signal }),
  ]);
  const ports = allPorts(target);
  const missingRights = await findMissingRights(kube, target, options);
  const weighed = [];
  for (const port of ports)
    weighed.push({ port: describe(port), choices: await weighPort(kube, target, port, options) });
  return {
    target: target.label,
    workload: target.workload.label,
    serverVersion: version.gitVersion,
    ports: weighed,
    missingRights,
    findings: collectFindings(target, ports),
  };
}

function describe({ appPort, protocol, portName }: AppPort): string {
  return describePort(appPort, protocol, portName);
}

async function weighPort(
  kube: KubeClient,
  target: Target,
  port: AppPort,
  options: DiagnoseOptions,
): Promise<DoctorChoice[]> {
  const { label } = target.workload;
  const { redirect: chosen, reason } = chooseRedirect(label, port, 'auto');
  return Promise.all(
    weighRedirects(label, port).map(async (option) => {
      const { redirect, covers } = option;
      const isChosen = redirect === chosen;
      const obstacle = await findObstacle(kube, target, port, option, options);
      return {
        attach: 'sidecar',
        redirect,
        possible: obstacle === undefined,
        chosen: isChosen && obstacle === undefined,
        restart: needsRestart(target, port, option, options) ? 'once' : 'none',
        privilege: privileges[redirect],
        covers,
        reason: obstacle ?? (isChosen ? reason : ''),
      };
    }),
  );
}

const privileges = {
  'port-name': 'none',
  service: 'none',
  nftables: 'NET_ADMIN in an init container',
} as const;

/** Why the pair cannot be taken; undefined when it can. */
async function findObstacle(
  kube: KubeClient,
  target: Target,
  port: AppPort,
  { redirect, obstacleReason }: RedirectOption,
  { image, signal }: DiagnoseOptions,
): Promise<string | undefined> {
  const reason = whyNotInjectable(target.workload) ?? obstacleReason;
  if (reason !== undefined) return reason;
  const { pieces, isChange } = planIntercept({ target, ports: [port], redirect, image });
  if (!isChange) return undefined;
  try {
    await assertAdmitted(kube, target.workload, planTemplateChange(target.workload, pieces), { signal });
    return undefined;
  } catch (error) {
    if (!isToolError(error, 'POD_REFUSED')) throw error;
    return `the cluster refuses its pods: ${String(error.details['reason'])}`;
  }
}

/** An agent that is there already may do. */
function needsRestart(
  target: Target,
  port: AppPort,
  { redirect, obstacle }: RedirectOption,
  { image }: DiagnoseOptions,
): boolean {
  return obstacle !== undefined || planIntercept({ target, ports: [port], redirect, image }).isChange;
}

/** Asks for each right once, whatever number of operations needs it. */
async function findMissingRights(
  kube: Pick<KubeClient, 'missingRights'>,
  { workload }: Target,
  { namespace, signal }: DiagnoseOptions,
): Promise<DoctorReport['missingRights']> {
  const needed = operations.flatMap((action) =>
    requiredRights([action], { namespace, workload, switchesServices: true }).map((right) => ({
      action,
      right,
      key: JSON.stringify(right),
    })),
  );
  const distinct = new Map(needed.map(({ key, right }) => [key, right]));
  const missing = new Set(await kube.missingRights([...distinct.values()], { signal }));
  return needed
    .filter(({ key }) => missing.has(distinct.get(key) as Right))
    .map(({ action, right }) => ({ action, ...describeRight(right) }));
}
