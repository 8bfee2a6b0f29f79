/** The controllers of the sandbox: what Kubernetes' controller manager does, as far as docs/SANDBOX.md says. */
import type { Controller } from './controller.ts';
import { daemonSetController } from './daemon-set.ts';
import { deploymentController } from './deployment.ts';
import { endpointSliceController } from './endpoint-slices.ts';
import { endpointsController } from './endpoints.ts';
import { jobController } from './job.ts';
import { namespaceController } from './namespaces.ts';
import { replicaSetController } from './replica-set.ts';
import { statefulSetController } from './stateful-set.ts';

export { startControllers, type ControllerOptions } from './start-controllers.ts';

/** @param authority the PEM certificate of the authority that signed the API server's */
export function allControllers(authority: string): Controller[] {
  return [
    namespaceController(authority),
    deploymentController,
    replicaSetController,
    statefulSetController,
    daemonSetController,
    jobController,
    endpointsController,
    endpointSliceController,
  ];
}
