export type {
  ContainerReference,
  ExecRequest,
  KubeletApi,
  LogOptions,
  ProcessStreams,
} from './kubelet-api.ts';
export type { Image, ImageStore, NodeOptions, TokenRequest } from './node-options.ts';
