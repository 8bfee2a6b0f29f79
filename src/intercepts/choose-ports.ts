/** Finds the application's ports that `--port LOCAL:REMOTE` means, by number or name of the Service's or container's port. */
import type { Protocol } from '../contract/index.ts';
import { raise } from '../errors/index.ts';
import type { V1Service, V1ServicePort } from '../kube/index.ts';
import type { Target } from './resolve-target.ts';
import { withoutSwitch } from './service-switch.ts';
import {
  appContainers,
  declaredPorts,
  describePort,
  isSupportedProtocol,
  resolveTargetPort,
} from './template-ports.ts';
import { templateOf } from './workload.ts';

/** A port of a Service that leads to a port of the application. */
export interface Caller {
  service: V1Service;
  /** As it was before `tp` switched it. */
  port: V1ServicePort;
  /** Other workloads to which the Service sends. */
  others: string[];
}

/** A port of the application that is to be taken. */
export interface AppPort {
  protocol: Protocol;
  appPort: number;
  appContainer: string;
  /** Its name in the pod template. */
  portName?: string;
  /** Whose traffic is wanted: of the Service that was named, else of all that lead here. */
  callers: Caller[];
}

/** Something that `REMOTE` can mean. */
interface Candidate {
  /** For the user: `80 (http)`. */
  description: string;
  /** Words that mean it; the second row only where no first one fits. */
  words: string[];
  secondWords: string[];
  protocol: string;
  /** Undefined when a Service names a port that no container has. */
  appPort: number | undefined;
}

export interface ChoosePortsOptions {
  target: Target;
  /** Number or name, `53/udp` where both protocols have one; undefined means the only port. At least one. */
  remotes: readonly (string | undefined)[];
  /** Owner of ports that no container declares. Default: the first container. */
  container?: string | undefined;
}

/**
 * Returns one port for each of `remotes`, in their order.
 * @throws {PORT_NOT_FOUND, PORT_AMBIGUOUS, CONTAINER_NOT_FOUND, TARGET_UNSUPPORTED, USAGE_INVALID}
 */
export function choosePorts({ target, remotes, container }: ChoosePortsOptions): AppPort[] {
  assertContainer(target, container);
  const candidates =
    target.service === undefined ? workloadPorts(target) : servicePorts(target, target.service);
  const ports = remotes.map((remote) =>
    toAppPort(target, findCandidate(target, candidates, remote), container),
  );
  for (const [index, port] of ports.entries()) {
    const first = ports.findIndex((other) => isSamePort(other, port));
    if (first !== index)
      raise('USAGE_INVALID', {
        reason: `Ports "${remotes[first] ?? ''}" and "${remotes[index] ?? ''}" of ${target.label} are the same port of the pod, ${describePort(port.appPort, port.protocol)}`,
      });
  }
  return ports;
}

/** @throws {CONTAINER_NOT_FOUND} */
export function assertContainer(target: Target, container: string | undefined): void {
  const known = appContainers(templateOf(target.workload)).map(({ name }) => name);
  if (container !== undefined && !known.includes(container))
    raise('CONTAINER_NOT_FOUND', { container, target: target.workload.label, known });
}

/** Every port of the application that could be taken, for `tp doctor`. */
export function allPorts(target: Target): AppPort[] {
  const candidates =
    target.service === undefined ? workloadPorts(target) : servicePorts(target, target.service);
  const ports = candidates
    .filter(({ appPort, protocol }) => appPort !== undefined && isSupportedProtocol(protocol))
    .map((candidate) => toAppPort(target, candidate, undefined));
  return ports.filter((port, index) => ports.findIndex((other) => isSamePort(other, port)) === index);
}

function isSamePort(a: AppPort, b: AppPort): boolean {
  return a.appPort === b.appPort && a.protocol === b.protocol;
}

/** With a Service its own ports come first; what they lead to is understood as well. */
function servicePorts(target: Target, service: V1Service): Candidate[] {
  const template = templateOf(target.workload);
  return (withoutSwitch(service).spec?.ports ?? []).map((port) => {
    const { protocol = 'TCP', name, targetPort = port.port } = port;
    const appPort = resolveTargetPort(template, port);
    return {
      description: describePort(port.port, protocol, name),
      words: [String(port.port), ...(name === undefined ? [] : [name])],
      secondWords: [String(targetPort), ...(appPort === undefined ? [] : [String(appPort)])],
      protocol,
      appPort,
    };
  });
}

/** With a workload its containers' ports come first, and then those of Services that no container declares. */
function workloadPorts(target: Target): Candidate[] {
  const declared = declaredPorts(templateOf(target.workload)).map(
    ({ containerPort, protocol, name }): Candidate => ({
      description: describePort(containerPort, protocol, name),
      words: [String(containerPort), ...(name === undefined ? [] : [name])],
      secondWords: [],
      protocol,
      appPort: containerPort,
    }),
  );
  const called = target.services.flatMap(({ service }) => servicePorts(target, service));
  for (const candidate of called) {
    const { appPort, protocol } = candidate;
    if (appPort === undefined) continue;
    const known = declared.find((port) => port.appPort === appPort && port.protocol === protocol);
    if (known !== undefined) known.secondWords.push(...candidate.words);
    else
      declared.push({
        ...candidate,
        description: describePort(appPort, protocol),
        words: [String(appPort)],
        secondWords: candidate.words,
      });
  }
  return declared;
}

function findCandidate(
  target: Target,
  candidates: readonly Candidate[],
  remote: string | undefined,
): Candidate {
  const matching = remote === undefined ? defaultCandidates(target, candidates) : match(candidates, remote);
  const [only, ...more] = distinct(matching);
  if (more.length > 0)
    raise('PORT_AMBIGUOUS', { target: target.label, known: describeChoices(matching, remote) });
  const found = only ?? undeclared(target, remote, candidates);
  if (!isSupportedProtocol(found.protocol))
    raise('TARGET_UNSUPPORTED', {
      target: `port ${found.description} of ${target.label}`,
      reason: `the protocol ${found.protocol} is not supported, only TCP and UDP`,
    });
  if (found.appPort === undefined)
    raise('TARGET_UNSUPPORTED', {
      target: `port ${found.description} of ${target.label}`,
      reason: `no container of ${target.workload.label} has the port that it names, "${found.secondWords[0] ?? ''}"`,
    });
  return found;
}

/** Without a word, ports that are called through a Service are meant before others (of metrics, say). */
function defaultCandidates(target: Target, candidates: readonly Candidate[]): readonly Candidate[] {
  if (target.service !== undefined) return candidates;
  const called = candidates.filter(({ secondWords }) => secondWords.length > 0);
  return called.length > 0 ? called : candidates;
}

function match(candidates: readonly Candidate[], remote: string): Candidate[] {
  const [word = '', protocol] = remote.split('/');
  const ofProtocol = candidates.filter(
    (candidate) => protocol === undefined || candidate.protocol === protocol.toUpperCase(),
  );
  const first = ofProtocol.filter(({ words }) => words.includes(word));
  return first.length > 0 ? first : ofProtocol.filter(({ secondWords }) => secondWords.includes(word));
}

/** Two ports of a Service that lead to one port of the pod are one choice. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(
    ({ appPort, protocol }, index) =>
      appPort === undefined ||
      candidates.findIndex((other) => other.appPort === appPort && other.protocol === protocol) === index,
  );
}

/** TCP and UDP ports with one number are told apart by their protocol, others by their number. */
function describeChoices(candidates: readonly Candidate[], remote: string | undefined): string[] {
  const isByProtocol = remote !== undefined && new Set(candidates.map(({ protocol }) => protocol)).size > 1;
  return candidates.map(({ protocol, description }) =>
    isByProtocol ? `${remote}/${protocol}` : description,
  );
}

/** A pod that declares no port at all can still listen: declaring is optional. Then any number is believed. */
function undeclared(target: Target, remote: string | undefined, candidates: readonly Candidate[]): Candidate {
  const known = candidates.map(({ description }) => description);
  const [word = '', protocol = 'TCP'] = remote?.split('/') ?? [];
  const appPort = Number(word);
  const isPort = /^\d+$/.test(word) && appPort >= 1 && appPort <= 65535;
  if (known.length > 0 || !isPort)
    raise('PORT_NOT_FOUND', { port: remote ?? '', target: target.label, known });
  return {
    description: word,
    words: [word],
    secondWords: [],
    protocol: protocol.toUpperCase(),
    appPort,
  };
}

function toAppPort(target: Target, candidate: Candidate, container: string | undefined): AppPort {
  const template = templateOf(target.workload);
  const appPort = candidate.appPort ?? 0;
  const protocol = candidate.protocol as Protocol;
  const declared = declaredPorts(template).filter(
    (port) => port.containerPort === appPort && port.protocol === protocol,
  );
  // Declared twice in one container, under two names, is allowed.
  const owner = declared.find((port) => port.container === container) ?? declared[0];
  const portName = declared.find(
    (port) => port.container === owner?.container && port.name !== undefined,
  )?.name;
  return {
    protocol,
    appPort,
    appContainer: owner?.container ?? container ?? appContainers(template)[0]?.name ?? '',
    ...(portName === undefined ? {} : { portName }),
    callers: callersOf(target, protocol, appPort),
  };
}

function callersOf(target: Target, protocol: string, appPort: number): Caller[] {
  const template = templateOf(target.workload);
  const wanted = target.services.filter(
    ({ service }) => target.service === undefined || service.metadata?.name === target.service.metadata?.name,
  );
  return wanted.flatMap(({ service, others }) =>
    (withoutSwitch(service).spec?.ports ?? [])
      .filter(
        (port) => (port.protocol ?? 'TCP') === protocol && resolveTargetPort(template, port) === appPort,
      )
      .map((port) => ({ service, port, others })),
  );
}
