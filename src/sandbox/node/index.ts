export type {
  ContainerReference,
  ExecRequest,
  KubeletApi,
  LogOptions,
  ProcessStreams,
} from './kubelet-api.ts';
export type { Image, ImageStore, NodeOptions, TokenRequest } from './node-options.ts';
export { DNS_ADDRESS, NODE_ADDRESS, SERVICE_SUBNET } from './network/addresses.ts';
export { KUBELET_VERSION, NODE_NAME } from './node-name.ts';
export { startNode, type SandboxNode } from './sandbox-node.ts';
