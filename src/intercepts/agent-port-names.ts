/** Under which names the agent's ports stand in the pod template: that is how Services find them. */
import type { TakenPort } from '../contract/index.ts';
import { declaredPorts, namesOfPort } from './template-ports.ts';
import type { PodTemplate } from './workload.ts';

export interface AgentPortNames {
  names: string[];
  /** The application's container has the same names: the agent must stand before it in the pod. */
  isShared: boolean;
}

/**
 * With `port-name` and `service` the agent takes every name by which Services reach the port; where it has none, or its
 * traffic is redirected below the Services, a name of its own.
 */
export function agentPortNames(
  template: PodTemplate,
  { protocol, appPort, redirect }: Pick<TakenPort, 'protocol' | 'appPort' | 'redirect'>,
): AgentPortNames {
  const names = redirect === 'nftables' ? [] : namesOfPort(template, protocol, appPort);
  if (names.length > 0) return { names, isShared: true };
  return { names: [ownName(template, protocol, appPort)], isShared: false };
}

/** `tp-8080`, `tp-53-udp`: at most 15 characters (IANA_SVC_NAME), and nobody else's in this pod. */
function ownName(template: PodTemplate, protocol: string, appPort: number): string {
  const taken = new Set(declaredPorts(template).map(({ name }) => name));
  const base = `tp-${appPort}${protocol === 'TCP' ? '' : `-${protocol.toLowerCase()}`}`;
  let name = base;
  for (let suffix = 2; taken.has(name); suffix += 1) name = `${base}-${suffix}`;
  return name;
}
