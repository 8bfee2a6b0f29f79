export { createKubeClient, type KubeClientOptions } from './create-kube-client.ts';
export type {
  CallOptions,
  DeleteOptions,
  FollowOptions,
  GetOptions,
  KubeClient,
  ListOptions,
  PatchOptions,
  PortForwardTarget,
  Query,
  Right,
  ServerVersion,
  WriteOptions,
} from './kube-client.ts';
export { kubeStatus, type KubeCause, type KubeStatus } from './kube-errors.ts';
export { paths, type PodSubresource } from './paths.ts';
export type * from './types.ts';
