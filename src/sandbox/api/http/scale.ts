/** The `scale` subresource: an `autoscaling/v1 Scale` that stands for `spec.replicas` of a workload. */
import { mapIn, mutableCopy, badRequest, invalid, type KubeObject } from '../../store/index.ts';
import { subject } from '../registry.ts';
import type { ResourceDefinition } from '../resources.ts';
import { selectorText } from '../tables/cells.ts';

export function toScale(workload: KubeObject): KubeObject {
  const copy = mutableCopy(workload);
  const [spec, status] = [mapIn(copy, 'spec'), mapIn(copy, 'status')];
  const { name, namespace, uid, resourceVersion, creationTimestamp } = copy.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp } as KubeObject['metadata'],
    spec: { replicas: spec['replicas'] ?? 0 },
    status: { replicas: status['replicas'] ?? 0, selector: selectorText(spec['selector']) },
  };
}

/** The workload with the replicas of `scale`. @throws {ApiError} 400 or 422 */
export function withScale(
  definition: ResourceDefinition,
  workload: KubeObject,
  scale: KubeObject,
): KubeObject {
  const { replicas = 0 } = mapIn(scale, 'spec');
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    throw badRequest('spec.replicas is not an integer');
  if (replicas < 0)
    throw invalid({ ...subject(definition, workload.metadata.name), kind: 'Scale', group: 'autoscaling' }, [
      {
        type: 'invalid',
        field: 'spec.replicas',
        value: replicas,
        detail: 'must be greater than or equal to 0',
      },
    ]);
  mapIn(workload, 'spec')['replicas'] = replicas;
  const { resourceVersion } = scale.metadata;
  if (resourceVersion === undefined) delete workload.metadata.resourceVersion;
  else workload.metadata.resourceVersion = resourceVersion;
  return workload;
}
