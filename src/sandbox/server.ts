/**
 * The sandbox itself: API server, controllers and node in one process, which is process 1 of its own namespaces. The host
 * process made them; when its end of standard input closes, however that came about, all of this ends.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SandboxOrder } from '../contract/index.ts';
import { systemClock } from '../core/index.ts';
import { createApiServer } from './api/index.ts';
import { allControllers, startControllers } from './controllers/index.ts';
import { deployShop } from './demo/deploy-shop.ts';
import { createImages } from './images.ts';
import { createJsonLogger } from './json-log.ts';
import { startNode } from './node/index.ts';
import type { ClusterAccess } from './store/cluster-access.ts';

/** Relative to the sandbox's folder, which is the working directory: a long path would not fit into a socket's name. */
export const API_SOCKET = 'api.sock';
const NODE_FOLDER = 'node';

/** Where pods reach the API server; the Service `kubernetes` leads there. */
const apiServerAddress = { ip: '10.244.0.1', port: 6443 };

/** What the server tells the host once it is ready. */
export interface ServerReport {
  credentials: { authority: string; certificate: string; key: string };
}

export async function runServer(order: SandboxOrder): Promise<void> {
  const clock = systemClock;
  const logger = createJsonLogger({ name: 'tp-sandbox' }, process.env['TP_LOG_LEVEL'] === 'debug');
  process.on('uncaughtException', (error) => {
    logger.error('unexpected error', { error: error.stack ?? error.message });
  });
  process.on('unhandledRejection', (reason) => {
    logger.error('unexpected error', { error: reason instanceof Error ? reason.stack : String(reason) });
  });
  endWithHost(order.directory);
  await mkdir(NODE_FOLDER, { recursive: true, mode: 0o700 });
  const api = await createApiServer({ clock, logger, names: [] });
  await api.listen({ path: API_SOCKET });
  const node = await startNode({
    cluster: api.access('kubelet'),
    images: createImages({
      loadedPath: `${order.directory}/images.json`,
      programs: dirname(fileURLToPath(import.meta.url)),
    }),
    issueToken: (request) => Promise.resolve(api.issueToken(request)),
    folder: `${order.directory}/${NODE_FOLDER}`,
    clock,
    logger,
  });
  api.useKubelet(node.kubelet);
  await api.listen({ host: apiServerAddress.ip, port: apiServerAddress.port });
  await publishApiServer(api.access('kube-apiserver'));
  const { authority, certificate, key } = api.credentials;
  startControllers(allControllers(authority), {
    cluster: api.access('kube-controller-manager'),
    clock,
    logger,
  });
  await accountOf('default', api.access('default'));
  if (order.withShop) await deployShop(api.access('kubectl'));
  const report: ServerReport = { credentials: { authority, certificate, key } };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** The host holds the other end. What it left in the folder goes too: nobody else may be there to do it. */
function endWithHost(directory: string): void {
  process.stdin.resume();
  process.stdin.once('close', () => {
    spawnSync('umount', ['-l', `${directory}/${NODE_FOLDER}`], { stdio: 'ignore' });
    rm(directory, { recursive: true, force: true }).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

/** Who runs the API server says where it is: no controller does. */
async function publishApiServer(cluster: ClusterAccess): Promise<void> {
  const { ip, port } = apiServerAddress;
  const metadata = { namespace: 'default', name: 'kubernetes' };
  const ports = [{ name: 'https', port, protocol: 'TCP' }];
  await cluster.create('endpoints', {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata },
    subsets: [{ addresses: [{ ip }], ports }],
  });
  await cluster.create('endpointslices.discovery.k8s.io', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    ports,
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
  });
}

/** Resolves when the namespace has its account: from then on pods can be made in it. */
function accountOf(namespace: string, cluster: ClusterAccess): Promise<void> {
  return new Promise((resolve) => {
    const end = cluster.watch('serviceaccounts', ({ object }) => {
      if (object.metadata.namespace !== namespace || object.metadata.name !== 'default') return;
      // The first call comes before there is anything to end.
      setImmediate(() => {
        end();
      });
      resolve();
    });
  });
}
