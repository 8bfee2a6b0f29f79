/** Everything that knows what to change in a cluster for an intercept, and how to change it back. */
export {
  agentNameOf,
  ensureCertificates,
  type NamespaceCertificates,
  type SecretCalls,
} from './certificates.ts';
export { choosePorts, type AppPort, type ChoosePortsOptions } from './choose-ports.ts';
export { diagnose, type DiagnoseOptions } from './diagnose.ts';
export { ensureAgent, type EnsureAgentOptions, type EnsuredAgent } from './ensure-agent.ts';
export { ensureGateway, removeGateway, type EnsureGatewayOptions } from './gateway.ts';
export { listWorkloads } from './list-workloads.ts';
export type { InterceptablePort } from './plan-intercept.ts';
export { recoverPod, type PodRecovery } from './recreate-pod.ts';
export { resolveTarget, type SelectingService, type Target } from './resolve-target.ts';
export { operations, rightsTable, type Operation, type RightRow } from './rights-table.ts';
export { GATEWAY_LABEL } from './shared-objects.ts';
export { findTraces, type FindTracesOptions } from './traces.ts';
export { uninstall, type UninstallOptions } from './uninstall.ts';
export { watchInjection, type InjectionEvent, type WatchInjectionOptions } from './watch-injection.ts';
export { podsOf, type PodSelection, type Workload, type WorkloadKind } from './workload.ts';
