/** Asks the API server what the user may do, before anything is changed. */
import type { CallOptions, KubeClient, Right } from './kube-client.ts';
import { paths } from './paths.ts';

/** Reviews in flight at once; they are cheap, but a list of rights should not trip the server's fairness limits. */
export const parallelReviews = 8;

interface SelfSubjectAccessReview {
  status?: { allowed?: boolean };
}

/** Those of `rights` that the user lacks, in their order. @throws KUBE_* */
export async function findMissingRights(
  client: Pick<KubeClient, 'create'>,
  rights: readonly Right[],
  { signal }: CallOptions,
): Promise<Right[]> {
  const missing = new Set<Right>();
  const waiting = rights.values();
  const work = async (): Promise<void> => {
    // The workers share one iterator.
    for (const right of waiting) {
      const review = await client.create<SelfSubjectAccessReview>(
        paths.selfSubjectAccessReviews(),
        encodeReview(right),
        { signal },
      );
      if (review.status?.allowed !== true) missing.add(right);
    }
  };
  await Promise.all(Array.from({ length: parallelReviews }, work));
  return rights.filter((right) => missing.has(right));
}

function encodeReview({ verb, group, resource, namespace, name }: Right): object {
  const [plural, subresource] = resource.split('/');
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb, group, resource: plural, subresource, namespace, name } },
  };
}
