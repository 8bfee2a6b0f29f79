/**
 * Plans the JSON Patch that adds an agent to a pod template, exchanges it, or takes it away. It touches nothing but its
 * own pieces, found by name: what others changed in between stays (docs/decisions/0002-agent-first-in-the-template.md).
 */
import {
  AGENT_CONTAINER,
  AGENT_VOLUME,
  INJECTION_ANNOTATION,
  REDIRECT_CONTAINER,
} from '../contract/index.ts';
import type { KubernetesObject } from '../kube/index.ts';
import { DEFAULT_CONTAINER_ANNOTATION, readRecord, type AgentPieces } from './agent-pieces.ts';
import { applyPatch, pointer, type PatchOperation } from './json-patch.ts';
import { templateOf, templatePointer, type PodTemplate, type Workload } from './workload.ts';

/**
 * Plans the patch of `workload` after which its template carries exactly `pieces`, or no agent when undefined. Empty when
 * there is nothing to remove and nothing to add.
 * @throws {TARGET_UNSUPPORTED} when another version of `tp` injected the agent that is there
 */
export function planTemplateChange(workload: Workload, pieces: AgentPieces | undefined): PatchOperation[] {
  const template = templateOf(workload);
  const removal = planRemoval(workload.label, template);
  const addition = pieces === undefined ? [] : planAddition(applyPatch(template, removal), pieces);
  const base = templatePointer(workload.kind);
  return [...removal, ...addition].map((operation) => ({ ...operation, path: base + operation.path }));
}

/** Makes the API server refuse `patch` with 409 Conflict if `object` was changed since it was read. */
export function lockPatch(object: KubernetesObject, patch: readonly PatchOperation[]): PatchOperation[] {
  const value = object.metadata?.resourceVersion;
  return [{ op: 'replace', path: '/metadata/resourceVersion', value }, ...patch];
}

/** The template without any agent. */
export function withoutAgent(label: string, template: PodTemplate): PodTemplate {
  return applyPatch(template, planRemoval(label, template));
}

function planRemoval(label: string, template: PodTemplate): PatchOperation[] {
  const { metadata, spec } = template;
  const annotations = metadata?.annotations ?? {};
  // The record outlives the container if somebody took only that away.
  const defaultContainer = readRecord(label, template)?.defaultContainer;
  return [
    ...removeNamed('/spec/containers', spec?.containers, AGENT_CONTAINER),
    ...removeNamed('/spec/initContainers', spec?.initContainers, REDIRECT_CONTAINER),
    ...removeNamed('/spec/volumes', spec?.volumes, AGENT_VOLUME),
    ...removeAnnotations(annotations, [
      ...(INJECTION_ANNOTATION in annotations ? [INJECTION_ANNOTATION] : []),
      // Somebody may have chosen another one since.
      ...(defaultContainer !== undefined && annotations[DEFAULT_CONTAINER_ANNOTATION] === defaultContainer
        ? [DEFAULT_CONTAINER_ANNOTATION]
        : []),
    ]),
  ];
}

/** Removes the item called `name`, and with the last item the list, which was not there before either. */
function removeNamed(
  path: string,
  items: readonly { name: string }[] | undefined,
  name: string,
): PatchOperation[] {
  const index = items?.findIndex((item) => item.name === name) ?? -1;
  if (index < 0) return [];
  const test: PatchOperation = { op: 'test', path: pointer(path, index, 'name'), value: name };
  return [test, { op: 'remove', path: items?.length === 1 ? path : pointer(path, index) }];
}

/** Removes the annotations `ours`, and with the last one the map, which was not there before either. */
function removeAnnotations(annotations: Readonly<Record<string, string>>, ours: string[]): PatchOperation[] {
  if (ours.length === 0) return [];
  const path = '/metadata/annotations';
  const tests = ours.map((key): PatchOperation => ({
    op: 'test',
    path: pointer(path, key),
    value: annotations[key],
  }));
  if (ours.length === Object.keys(annotations).length) return [...tests, { op: 'remove', path }];
  return [...tests, ...ours.map((key): PatchOperation => ({ op: 'remove', path: pointer(path, key) }))];
}

function planAddition({ metadata, spec }: PodTemplate, pieces: AgentPieces): PatchOperation[] {
  const { container, position, redirectContainer, volume, annotations } = pieces;
  return [
    ...(metadata === undefined ? [add('/metadata', {})] : []),
    ...(metadata?.annotations === undefined
      ? [add('/metadata/annotations', annotations)]
      : Object.entries(annotations).map(([key, value]) => add(pointer('/metadata/annotations', key), value))),
    add(`/spec/containers/${position === 'first' ? '0' : '-'}`, container),
    ...(redirectContainer === undefined
      ? []
      : [addItem('/spec/initContainers', spec?.initContainers, redirectContainer)]),
    addItem('/spec/volumes', spec?.volumes, volume),
  ];
}

/** Appends `item`, with the list around it where there is none. */
function addItem(path: string, items: readonly unknown[] | undefined, item: unknown): PatchOperation {
  return items === undefined ? add(path, [item]) : add(`${path}/-`, item);
}

function add(path: string, value: unknown): PatchOperation {
  return { op: 'add', path, value };
}
