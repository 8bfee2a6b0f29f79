/** A Deployment `web` with a Service in a {@link FakeKube}, with and without an agent, as other tests left it. */
import type { TakenPort } from '../../src/contract/index.ts';
import { buildPieces } from '../../src/intercepts/agent-pieces.ts';
import { applyPatch } from '../../src/intercepts/json-patch.ts';
import { planSwitch } from '../../src/intercepts/service-switch.ts';
import { planTemplateChange, withoutAgent } from '../../src/intercepts/template-change.ts';
import {
  templateOf,
  toWorkload,
  workloadPath,
  type Workload,
  type WorkloadObject,
} from '../../src/intercepts/workload.ts';
import { paths, type V1Service } from '../../src/kube/index.ts';
import type { FakeKube } from './fake-kube.ts';
import { NAMESPACE } from './kube-objects.ts';

const http: TakenPort = {
  protocol: 'TCP',
  listenPort: 19810,
  appPort: 8080,
  appContainer: 'app',
  portName: 'http',
  redirect: 'service',
};

/** Injects an agent into the template, as an earlier run would have left it. */
export function injectInto(kube: FakeKube, workload: Workload, image = 'agent:1'): Workload {
  const { kind, label } = workload;
  const object = kube.read<WorkloadObject>(workloadPath(workload));
  const current = toWorkload(kind, NAMESPACE, object);
  const template = withoutAgent(label, templateOf(current));
  const pieces = buildPieces({ workload: label, template, ports: [http], image });
  kube.put(workloadPath(workload), applyPatch(object, planTemplateChange(current, pieces)));
  return toWorkload(kind, NAMESPACE, kube.read<WorkloadObject>(workloadPath(workload)));
}

/** Switches the first port of a Service to the agent of `workload`. */
export function switchToAgent(kube: FakeKube, service: string, workload: string): V1Service {
  const path = paths.services(NAMESPACE, service);
  const object = kube.read<V1Service>(path);
  const [port] = object.spec?.ports ?? [];
  if (port === undefined) throw new Error(`Service ${service} has no port`);
  kube.put(path, applyPatch(object, planSwitch(object, workload, [{ port, to: 'http' }])));
  return kube.read<V1Service>(path);
}
