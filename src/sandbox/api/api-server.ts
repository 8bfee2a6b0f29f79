/** The API server of the sandbox: everything of it put together, and its HTTPS end. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { ListenOptions } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Logger } from '../../core/index.ts';
import { createAuthority, issueLeaf } from '../../pki/index.ts';
import type { KubeletApi } from '../node/index.ts';
import { ApiError, badRequest, ObjectStore, refusal, type ClusterAccess } from '../store/index.ts';
import { trackFields } from './apply/managed-fields.ts';
import { authenticatedGroup } from './auth/authenticator.ts';
import { bootstrapRoles } from './auth/bootstrap-roles.ts';
import { RoleBasedAccess } from './auth/rbac.ts';
import { ServiceAccountTokens, type TokenOrder } from './auth/tokens.ts';
import { GarbageCollector } from './garbage.ts';
import { toRefusal } from './http/answer.ts';
import { RequestHandler } from './http/handler.ts';
import { LocalAccess } from './local-access.ts';
import { Registry } from './registry.ts';
import { resourceByKey } from './resources.ts';
import { PodStreams } from './streams/pod-streams.ts';
import { systemUser, type UserInfo } from './user.ts';
import { Webhooks } from './webhooks.ts';

/** Connections at once; watches hold one each. */
export const maximumConnections = 1_024;

/** Life of the sandbox's certificates: longer than any sandbox's. Milliseconds. */
const certificateLifetimeMs: number = 365 * 24 * 60 * 60 * 1_000;

export interface ApiServerOptions {
  clock: Clock;
  logger: Logger;
  /** DNS names and addresses at which clients know the server, besides those of the Service `kubernetes`. */
  names: readonly string[];
}

/** Everything PEM. */
export interface Credentials {
  authority: string;
  certificate: string;
  key: string;
  token: string;
}

export interface ApiServer {
  readonly registry: Registry;
  /** For an administrator's kubeconfig: either the certificate or the token. */
  readonly credentials: Credentials;
  /** @param manager the field manager of its writes, such as `kubelet` */
  access(manager: string): ClusterAccess;
  /** @throws {ApiError} 404 when there is no such service account */
  issueToken(order: TokenOrder): string;
  /** Streams of pods answer 503 until then. */
  useKubelet(kubelet: KubeletApi): void;
  /** May be called more than once: all listeners are the same server. */
  listen(options: ListenOptions): Promise<void>;
  close(): Promise<void>;
}

const ownNames = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  'localhost',
  '127.0.0.1',
  '10.96.0.1',
];

export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, logger } = options;
  const store = new ObjectStore();
  const registry = new Registry({
    store,
    clock,
    trackFields,
    admission: new Webhooks(store),
  });
  const garbage = new GarbageCollector(
    registry,
    { user: systemUser, manager: 'kube-controller-manager' },
    logger,
  );
  const tokens = new ServiceAccountTokens(store, clock);
  const { authority, server: own, admin } = await makeCertificates(options);
  const adminToken = randomBytes(32).toString('base64url');
  const administrator: UserInfo = {
    username: 'kubernetes-admin',
    groups: ['system:masters', authenticatedGroup],
  };
  let kubelet: KubeletApi | undefined;
  const streams = new PodStreams(registry, () => {
    if (kubelet === undefined) throw refusal(503, 'ServiceUnavailable', 'the node is not ready yet');
    return kubelet;
  });
  const handler = new RequestHandler({
    registry,
    access: new RoleBasedAccess(store),
    tokens,
    readToken: (token) => (token === adminToken ? administrator : tokens.read(token)),
    clock,
    logger,
    streams,
  });
  await bootstrap(registry);
  const servers: Server[] = [];
  const makeServer = (): Server => {
    const server = createServer(
      {
        key: own.key,
        cert: own.certificate,
        ca: authority,
        requestCert: true,
        // Whoever has no certificate may have a token.
        rejectUnauthorized: false,
        // A body may take as long as it takes; a watch has no end at all.
        requestTimeout: 0,
      },
      (request, response) => void handler.handle(request, response),
    );
    server.maxConnections = maximumConnections;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      upgrade(handler, streams, { request, socket, head });
    });
    // A client that speaks no TLS, or goes during the handshake.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  };
  return {
    registry,
    credentials: { authority, certificate: admin.certificate, key: admin.key, token: adminToken },
    access: (manager) => new LocalAccess(registry, systemUser, manager),
    issueToken: (order) => tokens.issue(order).token,
    useKubelet: (next) => {
      kubelet = next;
    },
    listen: (where) =>
      new Promise((resolve, reject) => {
        const server = makeServer();
        servers.push(server);
        server.once('error', reject).listen(where, () => {
          server.off('error', reject);
          resolve();
        });
      }),
    close: async () => {
      garbage.close();
      streams.close();
      await Promise.all(servers.map(closeServer));
    },
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

interface Connection {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

function upgrade(handler: RequestHandler, streams: PodStreams, connection: Connection): void {
  const { request, socket } = connection;
  socket.on('error', () => socket.destroy());
  try {
    const url = new URL(request.url ?? '/', 'https://sandbox');
    const { info } = handler.admit(request, url);
    if (info.kind !== 'resource' || info.subresource === undefined)
      throw badRequest('this resource cannot be upgraded');
    streams.upgrade(info, url.searchParams, connection);
  } catch (error) {
    const { status } = toRefusal(error);
    const body = JSON.stringify(status);
    socket.end(
      `HTTP/1.1 ${String(status.code)} ${status.reason ?? 'Refused'}\r\ncontent-type: application/json\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
}

async function makeCertificates({ clock, names }: ApiServerOptions): Promise<{
  authority: string;
  server: { key: string; certificate: string };
  admin: { key: string; certificate: string };
}> {
  const nowMs = clock.epochMs();
  const authority = await createAuthority({ commonName: 'tp sandbox', nowMs });
  const common = { lifetimeMs: certificateLifetimeMs, nowMs };
  const [server, admin] = await Promise.all([
    issueLeaf(authority, {
      ...common,
      usage: 'agent',
      commonName: 'kube-apiserver',
      subjectAltNames: [...new Set([...ownNames, ...names])],
    }),
    issueLeaf(authority, {
      ...common,
      usage: 'client',
      commonName: 'kubernetes-admin',
      organizations: ['system:masters'],
      subjectAltNames: [],
    }),
  ]);
  return { authority: authority.certificate, server, admin };
}

/** What is there from the start: namespaces, roles, and the Service by which pods find the server. */
async function bootstrap(registry: Registry): Promise<void> {
  const writer = { user: systemUser, manager: 'kube-apiserver' };
  const create = async (resource: string, namespace: string | undefined, object: object): Promise<void> => {
    const definition = resourceByKey(resource);
    if (definition === undefined) throw new ApiError({ code: 500, message: `no resource ${resource}` });
    await registry.create(definition, namespace, { metadata: {}, ...object } as never, writer);
  };
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
    await create('namespaces', undefined, { metadata: { name } });
  for (const [resource, role] of bootstrapRoles()) await create(resource, undefined, role);
  await create('services', 'default', {
    metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 443 }] },
  });
}
