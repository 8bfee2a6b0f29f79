/** Decides who gets what comes next on a connection: the first claim whose rule matches, else the one without a rule. */
import type { OpaqueReason, RequestHead } from '../src/protocol/http1/index.ts';
import { RequestView } from '../src/rules/index.ts';
import type { HeldClaim } from './claims.ts';
import { isKubeletProbe } from './probe.ts';

export interface ChooseOptions {
  /** In the order in which they are asked. */
  claims: readonly HeldClaim[];
  /** Why the bytes are no HTTP request, where they are none: rules do not match them. */
  head: RequestHead | OpaqueReason;
  /** The kubelet's probes are for the application, whoever claims the port. */
  hasProbes: boolean;
}

/** Returns undefined for the application. */
export function chooseClaim({ claims, head, hasProbes }: ChooseOptions): HeldClaim | undefined {
  if (typeof head === 'string') return claims.find(({ rule }) => rule === undefined);
  if (hasProbes && isKubeletProbe(head)) return undefined;
  const request = new RequestView(head);
  return claims.find(({ matches }) => matches === undefined || matches(request));
}
