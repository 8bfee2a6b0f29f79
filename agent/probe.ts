/**
 * Recognises the kubelet's HTTP probes. They matter under `--redirect nftables` only, where they arrive at the agent; a
 * developer at a breakpoint must not make the pod unready, so they go to the application.
 */
import type { RequestHead } from '../src/protocol/http1/index.ts';

/** `User-Agent: kube-probe/<major>.<minor>`, as pkg/probe/http of Kubernetes sends it. */
export function isKubeletProbe({ fields }: RequestHead): boolean {
  return fields.some(({ name, value }) => name === 'user-agent' && value.startsWith('kube-probe/'));
}
