/** The objects of the demo's shop: three Deployments and their Services. */
import { SHOP_NAMESPACE as namespace } from '../../contract/index.ts';
import type { V1Deployment, V1Service } from '../../kube/index.ts';
import type { ClusterAccess } from '../store/cluster-access.ts';

const services = ['web', 'catalog', 'orders'];

export async function deployShop(cluster: ClusterAccess): Promise<void> {
  await cluster.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  for (const name of services) {
    await cluster.create('services', serviceOf(name));
    await cluster.create('deployments.apps', deploymentOf(name));
  }
}

function serviceOf(name: string): V1Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

function deploymentOf(name: string): V1Deployment {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 2,
          containers: [
            {
              name,
              image: 'tp/shop',
              env: [{ name: 'SHOP_SERVICE', value: name }],
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  };
}
