/**
 * Moves the `targetPort` of a Service from a number to a name, and back. Only `targetPort` and the annotation with the
 * earlier values are touched (docs/decisions/0003-switch-services-to-a-name.md).
 */
import {
  SERVICE_ANNOTATION,
  switchRecordSchema,
  validate,
  type SwitchRecord,
  type SwitchedPort,
} from '../contract/index.ts';
import { createError } from '../errors/index.ts';
import type { V1Service, V1ServicePort } from '../kube/index.ts';
import { parseJson } from './agent-pieces.ts';
import { pointer, type PatchOperation } from './json-patch.ts';
import { isSupportedProtocol } from './template-ports.ts';

/** One port of a Service to be moved to the port called `to`. */
export interface PortSwitch {
  port: V1ServicePort;
  to: string;
}

/**
 * Plans the patch that moves ports of `service` for the agent of `workload`. Empty when all are moved already.
 * @throws {TARGET_UNSUPPORTED} when another version of `tp` switched the Service
 */
export function planSwitch(
  service: V1Service,
  workload: string,
  switches: readonly PortSwitch[],
): PatchOperation[] {
  const record = readSwitchRecord(service);
  const moves = switches.flatMap(({ port, to }) => {
    const move = planMove(service, port, to);
    return move === undefined ? [] : [move];
  });
  if (moves.length === 0) return [];
  const moved = moves.map(({ switched }) => switched);
  // A port that somebody put back, and that is moved again, has an old entry.
  const kept = (record?.ports ?? []).filter((entry) => !moved.some((port) => isSamePort(entry, port)));
  const updated: SwitchRecord = { version: 1, workload, ports: [...kept, ...moved] };
  return [...moves.flatMap(({ operations }) => operations), ...annotate(service, JSON.stringify(updated))];
}

function planMove(
  service: V1Service,
  { port, protocol = 'TCP', targetPort = port }: V1ServicePort,
  to: string,
): { switched: SwitchedPort; operations: PatchOperation[] } | undefined {
  const index = (service.spec?.ports ?? []).findIndex((entry) => isSamePort(entry, { port, protocol }));
  const current = service.spec?.ports?.[index]?.targetPort ?? port;
  if (index < 0 || typeof targetPort !== 'number' || current === to || !isSupportedProtocol(protocol))
    return undefined;
  const path = pointer('/spec/ports', index, 'targetPort');
  return {
    switched: { protocol, port, targetPort, switchedTo: to },
    operations: [
      { op: 'test', path, value: current },
      { op: 'replace', path, value: to },
    ],
  };
}

/**
 * Plans the patch that puts the ports of `service` back and removes the annotation. A port that somebody else changed
 * since keeps that value.
 * @throws {TARGET_UNSUPPORTED} when another version of `tp` switched the Service
 */
export function planRestore(service: V1Service): PatchOperation[] {
  const record = readSwitchRecord(service);
  if (record === undefined) return [];
  const operations = record.ports.flatMap((switched): PatchOperation[] => {
    const index = switchedIndex(service, switched);
    const path = pointer('/spec/ports', index, 'targetPort');
    if (index < 0) return [];
    return [
      { op: 'test', path, value: switched.switchedTo },
      { op: 'replace', path, value: switched.targetPort },
    ];
  });
  return [...operations, ...annotate(service, undefined)];
}

/** The Service as it was before it was switched, in what matters for ports. */
export function withoutSwitch(service: V1Service): V1Service {
  const record = readSwitchRecord(service);
  if (record === undefined) return service;
  const ports = (service.spec?.ports ?? []).map((port) => {
    const switched = record.ports.find((entry) => isSamePort(port, entry));
    if (switched === undefined || port.targetPort !== switched.switchedTo) return port;
    return { ...port, targetPort: switched.targetPort };
  });
  return { ...service, spec: { ...service.spec, ports } };
}

/** The moved ports that still stand where they were moved to. */
export function switchedPorts(service: V1Service): SwitchedPort[] {
  return (readSwitchRecord(service)?.ports ?? []).filter((port) => switchedIndex(service, port) >= 0);
}

/**
 * Reads what was moved; undefined when nothing was.
 * @throws {TARGET_UNSUPPORTED} when another version of `tp` wrote it
 */
export function readSwitchRecord(service: V1Service): SwitchRecord | undefined {
  const text = service.metadata?.annotations?.[SERVICE_ANNOTATION];
  if (text === undefined) return undefined;
  return validate(switchRecordSchema, parseJson(text), (reason) =>
    createError('TARGET_UNSUPPORTED', {
      target: `svc/${service.metadata?.name ?? ''}`,
      reason: `another version of tp switched it (${reason}); switch it back with that version`,
    }),
  );
}

function switchedIndex(service: V1Service, switched: SwitchedPort): number {
  return (service.spec?.ports ?? []).findIndex(
    (port) => isSamePort(port, switched) && port.targetPort === switched.switchedTo,
  );
}

function isSamePort(a: { port: number; protocol?: string }, b: { port: number; protocol?: string }): boolean {
  return a.port === b.port && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');
}

/** Sets the annotation, or removes it, and with the last annotation the map. */
function annotate(service: V1Service, value: string | undefined): PatchOperation[] {
  const map = '/metadata/annotations';
  const { annotations } = service.metadata ?? {};
  const path = pointer(map, SERVICE_ANNOTATION);
  if (value === undefined)
    return [{ op: 'remove', path: Object.keys(annotations ?? {}).length === 1 ? map : path }];
  if (annotations === undefined) return [{ op: 'add', path: map, value: { [SERVICE_ANNOTATION]: value } }];
  return [{ op: 'add', path, value }];
}
