/** A cluster of nothing but the sandbox's API server in memory: for tests of what works with it. */
import { systemClock } from '../../src/core/index.ts';
import { LocalAccess, Registry, systemUser } from '../../src/sandbox/api/index.ts';
import { ObjectStore } from '../../src/sandbox/store/index.ts';

/** Has the namespace `default` with its service account. */
export async function sandboxCluster(): Promise<{ cluster: LocalAccess; registry: Registry }> {
  const registry = new Registry({ store: new ObjectStore(), clock: systemClock });
  const cluster = new LocalAccess(registry, systemUser, 'test');
  await cluster.create('namespaces', { metadata: { name: 'default' } });
  await cluster.create('serviceaccounts', { metadata: { namespace: 'default', name: 'default' } });
  return { cluster, registry };
}
