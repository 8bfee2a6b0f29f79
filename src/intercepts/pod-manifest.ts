/** What of a live Pod can be created again: its manifest without what the cluster added to it. */
import { AGENT_CONTAINER, POD_ANNOTATION, REDIRECT_CONTAINER } from '../contract/index.ts';
import type { V1ObjectMeta, V1Pod } from '../kube/index.ts';
import { parseJson, type AgentPieces } from './agent-pieces.ts';
import { applyPatch } from './json-patch.ts';
import { planTemplateChange } from './template-change.ts';
import { toWorkload } from './workload.ts';

/**
 * Annotations that come with the agent. Up to 1.26 the API server writes a container's seccompProfile into an annotation
 * as well (https://github.com/kubernetes/kubernetes/blob/v1.20.2/pkg/registry/core/pod/strategy.go#L601).
 */
const ours = new Set([
  POD_ANNOTATION,
  ...[AGENT_CONTAINER, REDIRECT_CONTAINER].map(
    (name) => `container.seccomp.security.alpha.kubernetes.io/${name}`,
  ),
]);

/**
 * The manifest of `pod` with `pieces` in place of any agent, or without one when undefined. With an agent it carries the
 * manifest from before in an annotation.
 * @throws {TARGET_UNSUPPORTED} when another version of `tp` injected the agent that is there
 */
export function podManifest(pod: V1Pod, pieces: AgentPieces | undefined): V1Pod {
  const present = pod.metadata?.annotations ?? {};
  const annotations = Object.fromEntries(Object.entries(present).filter(([key]) => !ours.has(key)));
  const noted = present[POD_ANNOTATION];
  const manifest = toManifest({ ...pod, metadata: withAnnotations(pod.metadata, annotations) }, noted);
  const bare = changeManifest(manifest, undefined);
  if (pieces === undefined) return bare;
  const changed = changeManifest(manifest, pieces);
  const original = { [POD_ANNOTATION]: noted ?? JSON.stringify(bare) };
  return {
    ...changed,
    metadata: withAnnotations(changed.metadata, { ...changed.metadata?.annotations, ...original }),
  };
}

function changeManifest(manifest: V1Pod, pieces: AgentPieces | undefined): V1Pod {
  const workload = toWorkload('Pod', manifest.metadata?.namespace ?? '', manifest);
  return applyPatch(manifest, planTemplateChange(workload, pieces));
}

/** An empty map is left out, as the API server does. */
function withAnnotations(metadata: V1ObjectMeta = {}, annotations: Record<string, string>): V1ObjectMeta {
  const rest = omit(metadata, 'annotations');
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
}

function toManifest({ metadata = {}, spec }: V1Pod, noted: string | undefined): V1Pod {
  const { name, namespace, labels, annotations, finalizers, ownerReferences } = metadata;
  const complete = omit(spec ?? { containers: [] }, 'ephemeralContainers');
  const keepsNode = noted === undefined ? isSetByUser(metadata, 'f:nodeName') : hasNode(noted);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: withoutUndefined({ name, namespace, labels, annotations, finalizers, ownerReferences }),
    spec: keepsNode ? complete : omit(complete, 'nodeName'),
  };
}

/** The scheduler binds a Pod by a subresource, which owns no field. */
function isSetByUser({ managedFields = [] }: V1ObjectMeta, field: string): boolean {
  return managedFields.some(({ fieldsV1 }) => {
    const spec = (fieldsV1 as { 'f:spec'?: object } | undefined)?.['f:spec'] ?? {};
    return Object.hasOwn(spec, field);
  });
}

function hasNode(manifest: string): boolean {
  return (parseJson(manifest) as V1Pod | undefined)?.spec?.nodeName !== undefined;
}

function omit<T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> {
  const copy: Partial<T> = { ...object };
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- one key of a fresh copy
  delete copy[key];
  return copy as Omit<T, K>;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
