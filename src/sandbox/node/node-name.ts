/** The only node: what `kubectl get nodes` shows. */
export const NODE_NAME = 'sandbox';
/** Of the Kubernetes this sandbox behaves as. */
export const KUBELET_VERSION = 'v1.32.0+tp.sandbox';
