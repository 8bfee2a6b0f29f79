/** What about a target is likely to surprise somebody who intercepts it. */
import type { Warning } from '../contract/index.ts';
import { createError, type ToolError } from '../errors/index.ts';
import type { AppPort } from './choose-ports.ts';
import { chooseRedirect } from './choose-redirect.ts';
import { readyReplicas } from './list-workloads.ts';
import { appliersOf } from './managed-fields.ts';
import { whyNotInjectable } from './preflight.ts';
import { probesOfPort } from './probes.ts';
import type { Target } from './resolve-target.ts';
import { appContainers } from './template-ports.ts';
import { controllerOf, templateOf, wantedReplicas, type Workload } from './workload.ts';

export function collectFindings(target: Target, ports: readonly AppPort[]): Warning[] {
  const { workload, services } = target;
  const findings = [
    ...findObstacles(workload),
    ...findUnready(workload),
    ...findManagers(workload),
    ...services.flatMap(({ service, others }) => findSharing(service.metadata?.name ?? '', others)),
    ...ports.flatMap((port) => findRedirectedProbes(workload, port)),
  ];
  return findings.map(({ code, message, remedy }) => ({
    code,
    message,
    ...(remedy === undefined ? {} : { remedy }),
  }));
}

function findObstacles(workload: Workload): ToolError[] {
  const reason = whyNotInjectable(workload);
  return reason === undefined ? [] : [createError('TARGET_UNSUPPORTED', { target: workload.label, reason })];
}

function findUnready(workload: Workload): ToolError[] {
  const ready = readyReplicas(workload);
  const wanted = wantedReplicas(workload);
  return ready >= wanted
    ? []
    : [createError('FINDING_PODS_UNREADY', { workload: workload.label, ready, wanted })];
}

/** Whoever applies the workload from elsewhere may take the agent out again. */
function findManagers({ label, object }: Workload): ToolError[] {
  const owner = controllerOf(object.metadata);
  const managers = [
    ...appliersOf(object.metadata).map((manager) => `"${manager}"`),
    ...(owner === undefined ? [] : [`${owner.kind}/${owner.name}`]),
  ];
  return managers.map((manager) => createError('FINDING_WORKLOAD_MANAGED', { workload: label, manager }));
}

function findSharing(service: string, others: readonly string[]): ToolError[] {
  return others.length === 0 ? [] : [createError('FINDING_SERVICE_SHARED', { service, others: [...others] })];
}

/**
 * Redirected below the Services, the kubelet's probes reach the agent as well. It knows HTTP probes by their User-Agent;
 * the others it cannot tell from a caller.
 */
function findRedirectedProbes(workload: Workload, port: AppPort): ToolError[] {
  if (chooseRedirect(workload.label, port, 'auto').redirect !== 'nftables') return [];
  return probesOfPort(appContainers(templateOf(workload)), port.appPort)
    .filter(({ kind }) => kind !== 'http')
    .map(({ container, name }) =>
      createError('FINDING_PROBE_REDIRECTED', { container, probe: name, port: port.appPort }),
    );
}
