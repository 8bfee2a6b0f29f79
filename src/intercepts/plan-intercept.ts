/**
 * Plans what has to change for ports to be taken: the pieces of the template, and the Services to switch. What is
 * injected already stays where it can: other people may be using it.
 */
import { FIRST_LISTEN_PORT, type AgentConfig, type Redirect, type TakenPort } from '../contract/index.ts';
import { raise } from '../errors/index.ts';
import type { V1Service } from '../kube/index.ts';
import { agentPortNames } from './agent-port-names.ts';
import { buildPieces, readConfig, readPieces, type AgentPieces } from './agent-pieces.ts';
import type { AppPort, Caller } from './choose-ports.ts';
import type { ExpectedLead } from './endpoints.ts';
import { chooseRedirect, type RedirectChoice } from './choose-redirect.ts';
import { probesOfPort } from './probes.ts';
import type { Target } from './resolve-target.ts';
import type { PortSwitch } from './service-switch.ts';
import { withoutAgent } from './template-change.ts';
import { appContainers, declaredPorts, isHeadless } from './template-ports.ts';
import { templateOf, type PodTemplate } from './workload.ts';

/** A taken port, with what the user is told about it. */
export interface InterceptablePort extends TakenPort {
  /** Whose traffic arrives: `web:80`. */
  services: string[];
  /** Why this redirect, in half a sentence. */
  reason: string;
}

export interface ServiceSwitch {
  service: V1Service;
  ports: PortSwitch[];
}

export interface InterceptPlan {
  /** One for each port that was asked for, in that order. */
  ports: InterceptablePort[];
  /** What the template is to carry. */
  pieces: AgentPieces;
  /** The template does not carry it yet. */
  isChange: boolean;
  /** Services to be switched once all pods have the agent. */
  switches: ServiceSwitch[];
  /** Where the Services of these ports lead in the end. */
  leads: ExpectedLead[];
}

export interface PlanOptions {
  target: Target;
  ports: readonly AppPort[];
  redirect: 'auto' | Redirect;
  image: string;
}

/**
 * @throws {REDIRECT_IMPOSSIBLE, FIELD_MANAGED_ELSEWHERE, TARGET_UNSUPPORTED}
 */
export function planIntercept({ target, ports, redirect, image }: PlanOptions): InterceptPlan {
  const { workload } = target;
  const template = withoutAgent(workload.label, templateOf(workload));
  const pieces = readPieces(workload.label, templateOf(workload));
  const config = pieces === undefined ? undefined : readConfig(workload.label, pieces.container);
  const wanted = ports.map((port): WantedPort => {
    const choice = chooseRedirect(workload.label, port, redirect);
    return { port, ...(isBelowServices(config, port) ? alreadyBelow : choice) };
  });
  const merged = mergePorts(template, config, wanted);
  const isChange = pieces === undefined || JSON.stringify(merged) !== JSON.stringify(config?.ports);
  return {
    ports: wanted.map((port) => toInterceptable(port, merged)),
    pieces: isChange ? buildPieces({ workload: workload.label, template, ports: merged, image }) : pieces,
    isChange,
    switches: planSwitches(template, wanted),
    leads: wanted.flatMap((port) => planLeads(port, merged)),
  };
}

/** The same plan with a template that carries `image`: what was injected cannot be used as it is. */
export function withFreshImage(plan: InterceptPlan, { target, image }: PlanOptions): InterceptPlan {
  const { workload } = target;
  const template = withoutAgent(workload.label, templateOf(workload));
  const { ports } = readConfig(workload.label, plan.pieces.container);
  return {
    ...plan,
    isChange: true,
    pieces: buildPieces({ workload: workload.label, template, ports, image }),
  };
}

interface WantedPort extends RedirectChoice {
  port: AppPort;
}

const alreadyBelow: RedirectChoice = {
  redirect: 'nftables',
  reason: 'the pods redirect all traffic of this port already',
};

/** Below the Services all traffic arrives: nothing more is needed for any of them. */
function isBelowServices(config: AgentConfig | undefined, port: AppPort): boolean {
  return findTaken(config?.ports ?? [], port)?.redirect === 'nftables';
}

function findTaken(
  ports: readonly TakenPort[],
  { protocol, appPort }: Pick<AppPort, 'protocol' | 'appPort'>,
): TakenPort | undefined {
  return ports.find((taken) => taken.appPort === appPort && taken.protocol === protocol);
}

/** Keeps the ports that are taken already, and where the agent listens for them. */
function mergePorts(
  template: PodTemplate,
  config: AgentConfig | undefined,
  wanted: readonly WantedPort[],
): TakenPort[] {
  const merged = [...(config?.ports ?? [])];
  for (const { port, redirect } of wanted) {
    const { protocol, appPort, appContainer, portName } = port;
    const taken = findTaken(merged, port);
    if (taken === undefined)
      merged.push({
        protocol,
        listenPort: freeListenPort(template, [...merged, ...wanted.map((other) => other.port)]),
        appPort,
        appContainer,
        portName,
        redirect,
        ...(hasHttpProbe(template, appPort) ? { httpProbe: true } : {}),
      });
    else if (!isEnough(template, taken, redirect)) merged[merged.indexOf(taken)] = { ...taken, redirect };
  }
  return merged;
}

function hasHttpProbe(template: PodTemplate, appPort: number): boolean {
  return probesOfPort(appContainers(template), appPort).some(({ kind }) => kind === 'http');
}

/**
 * Tells whether a port that is taken by one redirect serves for another one: `port-name` and `service` differ outside the
 * pod only, if the agent's port has the same names with both.
 */
function isEnough(template: PodTemplate, taken: TakenPort, redirect: Redirect): boolean {
  if (taken.redirect === redirect) return true;
  if (taken.redirect === 'nftables' || redirect === 'nftables') return false;
  const names = (choice: Redirect): string =>
    agentPortNames(template, { ...taken, redirect: choice }).names.join();
  return names(taken.redirect) === names(redirect);
}

/** Passes by what containers declare, and what is taken although nobody declares it. */
function freeListenPort(
  template: PodTemplate,
  ports: readonly { appPort: number; listenPort?: number }[],
): number {
  const used = new Set([
    ...declaredPorts(template).map(({ containerPort }) => containerPort),
    ...ports.flatMap(({ appPort, listenPort = appPort }) => [appPort, listenPort]),
  ]);
  let port = FIRST_LISTEN_PORT;
  while (used.has(port)) port += 1;
  return port;
}

/** Only Services with an address of their own have something to switch. */
function planSwitches(template: PodTemplate, wanted: readonly WantedPort[]): ServiceSwitch[] {
  const switches = new Map<string, ServiceSwitch>();
  for (const { port, redirect } of wanted) {
    if (redirect !== 'service') continue;
    const [to = ''] = agentPortNames(template, { ...port, redirect }).names;
    for (const { service, port: servicePort } of port.callers.filter(isSwitchable)) {
      const name = service.metadata?.name ?? '';
      const entry = switches.get(name) ?? { service, ports: [] };
      switches.set(name, { ...entry, ports: [...entry.ports, { port: servicePort, to }] });
    }
  }
  return [...switches.values()];
}

function isSwitchable({ service, port }: Caller): boolean {
  return !isHeadless(service) && typeof (port.targetPort ?? port.port) === 'number';
}

function toInterceptable(wanted: WantedPort, merged: readonly TakenPort[]): InterceptablePort {
  const { redirect, reason } = wanted;
  const services = arriving(wanted).map(
    ({ service, port }) => `${service.metadata?.name ?? ''}:${port.port}`,
  );
  return { ...takenPort(wanted, merged), redirect, services, reason };
}

/** The callers whose traffic the redirect covers. */
function arriving({ port: { callers }, redirect }: WantedPort): Caller[] {
  return callers.filter(
    (caller) =>
      redirect === 'nftables' ||
      typeof caller.port.targetPort === 'string' ||
      (redirect === 'service' && isSwitchable(caller)),
  );
}

function planLeads(wanted: WantedPort, merged: readonly TakenPort[]): ExpectedLead[] {
  const { appPort, listenPort, protocol } = takenPort(wanted, merged);
  return arriving(wanted).map(({ service, port: { port, name } }) => ({
    service: service.metadata?.name ?? '',
    port,
    portName: name,
    protocol,
    podPort: wanted.redirect === 'nftables' ? appPort : listenPort,
  }));
}

function takenPort({ port }: WantedPort, merged: readonly TakenPort[]): TakenPort {
  const taken = findTaken(merged, port);
  if (taken === undefined) raise('INTERNAL', { reason: `port ${port.appPort} was not planned` });
  return taken;
}
