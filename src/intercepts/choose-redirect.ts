/** Weighs the ways in which a port's traffic can reach the agent, and takes the least invasive that covers its callers. */
import type { Redirect } from '../contract/index.ts';
import { createError, type ToolError } from '../errors/index.ts';
import type { AppPort, Caller } from './choose-ports.ts';
import { applierOfTargetPort } from './managed-fields.ts';
import { describePort, isHeadless } from './template-ports.ts';

/** One way, for one port. */
export interface RedirectOption {
  redirect: Redirect;
  /** Whose traffic arrives; empty when nobody's would. */
  covers: string;
  /** Why it cannot be taken; undefined when it can. */
  obstacle?: ToolError;
  /** Says the obstacle in half a sentence. */
  obstacleReason?: string;
}

export interface RedirectChoice {
  redirect: Redirect;
  /** Why, in half a sentence. */
  reason: string;
}

/** What is possible for `port` of `label` (`deploy/web`), least invasive first. */
export function weighRedirects(label: string, port: AppPort): RedirectOption[] {
  const target = `port ${describePort(port.appPort, port.protocol)} of ${label}`;
  const byName = port.callers.filter(isByName);
  const byNumber = port.callers.filter((caller) => !isByName(caller));
  return [
    {
      redirect: 'port-name',
      covers: coverage(byName),
      ...obstacle('port-name', target, byName.length > 0 ? undefined : whyNotByName(port)),
    },
    weighService(target, port, byNumber),
    { redirect: 'nftables', covers: 'everybody who calls the pod' },
  ];
}

/**
 * Chooses for `auto`, or checks what was asked for.
 * @throws {REDIRECT_IMPOSSIBLE, FIELD_MANAGED_ELSEWHERE} only when asked for
 */
export function chooseRedirect(label: string, port: AppPort, asked: 'auto' | Redirect): RedirectChoice {
  const options = weighRedirects(label, port);
  const best = chooseAutomatically(options, port);
  if (asked === 'auto' || asked === best.redirect) return best;
  const option = options.find(({ redirect }) => redirect === asked);
  if (option?.obstacle !== undefined) throw option.obstacle;
  return { redirect: asked, reason: 'as asked' };
}

function chooseAutomatically(options: readonly RedirectOption[], { callers }: AppPort): RedirectChoice {
  const headless = callers.filter(({ service }) => isHeadless(service));
  if (callers.length === 0) return { redirect: 'nftables', reason: 'no Service leads to this port' };
  if (headless.length > 0)
    return {
      redirect: 'nftables',
      reason: `callers of ${describe(headless)}, which is headless, use the pods' own addresses and ports`,
    };
  const numeric = callers.filter((caller) => !isByName(caller));
  if (numeric.length === 0)
    return { redirect: 'port-name', reason: `${describe(callers)} names its target port` };
  const service = options.find(({ redirect }) => redirect === 'service');
  if (service?.obstacleReason !== undefined) return { redirect: 'nftables', reason: service.obstacleReason };
  return { redirect: 'service', reason: `${describe(numeric)} gives its target port as a number` };
}

function weighService(target: string, { callers }: AppPort, byNumber: readonly Caller[]): RedirectOption {
  const movable = byNumber.filter(({ service }) => !isHeadless(service));
  const covered = callers.filter(({ service }) => !isHeadless(service));
  const option = { redirect: 'service', covers: coverage(covered) } as const;
  if (movable.length === 0)
    return {
      ...option,
      ...obstacle(
        'service',
        target,
        'no Service gives its target port as a number, other than headless ones',
      ),
    };
  const shared = movable.find(({ others }) => others.length > 0);
  if (shared !== undefined)
    return {
      ...option,
      ...obstacle('service', target, `${describe([shared])} also sends to ${shared.others.join(', ')}`),
    };
  for (const { service, port } of movable) {
    const manager = applierOfTargetPort(service.metadata, port);
    if (manager === undefined) continue;
    const object = `svc/${service.metadata?.name ?? ''}`;
    const details = { object, field: `targetPort of port ${port.port}`, manager };
    return {
      ...option,
      obstacle: createError('FIELD_MANAGED_ELSEWHERE', details),
      obstacleReason: `the targetPort of ${object} is managed by "${manager}"`,
    };
  }
  return option;
}

function whyNotByName({ callers }: AppPort): string {
  return callers.length === 0
    ? 'no Service leads to it'
    : `${describe(callers)} gives its target port as a number`;
}

function obstacle(
  redirect: Redirect,
  target: string,
  reason: string | undefined,
): Pick<RedirectOption, 'obstacle' | 'obstacleReason'> {
  if (reason === undefined) return {};
  return {
    obstacle: createError('REDIRECT_IMPOSSIBLE', { redirect, target, reason }),
    obstacleReason: reason,
  };
}

/** A headless Service's callers that use SRV records learn the port; those that use addresses do not. */
function coverage(callers: readonly Caller[]): string {
  return callers
    .map((caller) => {
      const { service, others } = caller;
      const partly = others.length > 0 ? ' (in part)' : '';
      return isHeadless(service)
        ? `callers of ${describe([caller])} that use SRV records`
        : `callers of ${describe([caller])}${partly}`;
    })
    .join(', ');
}

function isByName({ port }: Caller): boolean {
  return typeof port.targetPort === 'string';
}

function describe(callers: readonly Caller[]): string {
  return [...new Set(callers.map(({ service }) => `svc/${service.metadata?.name ?? ''}`))].join(', ');
}
