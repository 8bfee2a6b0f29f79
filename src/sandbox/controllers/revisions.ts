/** ControllerRevisions: the versions of a template that StatefulSets and DaemonSets remember, and can go back to. */
import type { KubernetesObject, V1ControllerRevision, V1PodTemplateSpec } from '../../kube/index.ts';
import type { Stored } from '../store/cluster-access.ts';
import { sameJson } from '../store/index.ts';
import { change, create, remove, type Reader, type Write } from './controller.ts';
import { contentHash, controllerOf, controllerReference } from './pods.ts';

type Revision = Stored<'controllerrevisions.apps'>;

interface Templated extends KubernetesObject {
  spec?: { template: V1PodTemplateSpec; revisionHistoryLimit?: number };
}

export interface Revisions {
  /** Of the template as it is now: name of the revision, `NAME-HASH`. */
  updateName: string;
  updateHash: string;
  /** Brings the history up to date. */
  writes: Write[];
  /** The template of an earlier revision by its name; undefined when it is forgotten. */
  templateOf(name: string): V1PodTemplateSpec | undefined;
}

interface Data {
  spec: { template: V1PodTemplateSpec & { $patch: 'replace' } };
}

/** @param inUse names of the revisions that pods have: they are not forgotten */
export function revisionsOf(owner: Templated, cluster: Reader, inUse: ReadonlySet<string>): Revisions {
  const namespace = owner.metadata?.namespace ?? '';
  const name = owner.metadata?.name ?? '';
  const template = owner.spec?.template ?? {};
  const stored = cluster
    .list('controllerrevisions.apps', { namespace })
    .filter((revision) => controllerOf(revision)?.uid === owner.metadata?.uid)
    .sort((a, b) => a.revision - b.revision);
  const updateHash = contentHash(template);
  const updateName = `${name}-${updateHash}`;
  const data: Data = { spec: { template: { ...template, $patch: 'replace' } } };
  const known = stored.find(({ metadata }) => metadata.name === updateName);
  const next = (stored.at(-1)?.revision ?? 0) + 1;
  const writes: Write[] = [];
  if (known === undefined)
    writes.push(create('controllerrevisions.apps', newRevision(owner, updateName, updateHash, data, next)));
  else if (known !== stored.at(-1))
    writes.push(change('controllerrevisions.apps', known, (copy) => ({ ...copy, revision: next })));
  const unused = stored.filter(({ metadata }) => metadata.name !== updateName && !inUse.has(metadata.name));
  const limit = owner.spec?.revisionHistoryLimit ?? 10;
  for (const revision of unused.slice(0, Math.max(0, unused.length - limit)))
    writes.push(remove('controllerrevisions.apps', revision));
  return {
    updateName,
    updateHash,
    writes,
    templateOf: (wanted) => (wanted === updateName ? template : templateIn(stored, wanted)),
  };
}

function templateIn(stored: readonly Revision[], name: string): V1PodTemplateSpec | undefined {
  const data = stored.find(({ metadata }) => metadata.name === name)?.data as Data | undefined;
  if (data === undefined) return undefined;
  const { $patch, ...template } = data.spec.template;
  return sameJson($patch, 'replace') ? template : undefined;
}

function newRevision(
  owner: KubernetesObject,
  name: string,
  hash: string,
  data: Data,
  revision: number,
): V1ControllerRevision {
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      namespace: owner.metadata?.namespace ?? '',
      labels: { 'controller-revision-hash': hash },
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision,
  };
}
