/** What the containers of a pod need of the pod and of the node. */
import type { Clock, Logger } from '../../../core/index.ts';
import type { MachineRoot, BindMount } from '../containers/root-script.ts';
import type { EventRecorder } from '../event-recorder.ts';
import type { PodNamespace } from '../network/pod-network.ts';
import type { ImageStore } from '../node-options.ts';
import type { ClusterAccess, Stored } from '../../store/cluster-access.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';

/** The same for all pods. */
export interface NodeContext {
  cluster: ClusterAccess;
  images: ImageStore;
  clock: Clock;
  logger: Logger;
  events: EventRecorder;
  machine: MachineRoot;
  /** Only root exists; see containers/identity.ts. */
  isUserNamespace: boolean;
}

export interface PodContext {
  node: NodeContext;
  /** As it is now. */
  pod(): Stored<'pods'>;
  namespace: PodNamespace;
  volumes: PodVolumes;
  /** An existing folder for the containers of this pod. */
  folder: string;
  networkMounts: readonly BindMount[];
}
