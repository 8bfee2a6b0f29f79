/** Makes the {@link KubeClient} for one context: puts the parts of this module together. */
import type { Clock, Logger } from '../core/index.ts';
import { createApiTransport, type ApiRequest, type ApiTransport } from './api-transport.ts';
import { createConnector } from './connector.ts';
import { createCredentials, readPem } from './credentials.ts';
import { follow } from './follow.ts';
import type {
  KubeClient,
  ListOptions,
  PatchOptions,
  Query,
  ServerVersion,
  WriteOptions,
} from './kube-client.ts';
import { kubeStatus } from './kube-errors.ts';
import { loadKubeconfig, selectContext } from './kubeconfig.ts';
import { openPortForward } from './port-forward.ts';
import { selectProxy } from './proxy-selection.ts';
import { findMissingRights } from './rights.ts';
import type { V1ListMeta } from './types.ts';

/** Objects per page of a list, as kubectl asks for. */
export const listPageSize = 500;

export interface KubeClientOptions {
  /** Files to read and merge, which must exist; else the KUBECONFIG variable, else `~/.kube/config`. */
  kubeconfigPaths?: string[] | undefined;
  /** Default: the current context. */
  context?: string | undefined;
  /** Default: the context's, else "default". */
  namespace?: string | undefined;
  /** For KUBECONFIG, the proxy variables and credential plug-ins. Default: this process's. */
  environment?: NodeJS.ProcessEnv;
  /** For relative paths and credential plug-ins. Default: this process's. */
  cwd?: string;
  logger: Logger;
  clock: Clock;
}

/**
 * Reads the kubeconfig; nothing is sent yet. The caller owns the client and closes it.
 * @throws KUBECONFIG_INVALID, KUBECONFIG_NO_CONTEXT, KUBECONFIG_CONTEXT_UNKNOWN, KUBECONFIG_CREDENTIALS_FAILED
 */
export async function createKubeClient(options: KubeClientOptions): Promise<KubeClient> {
  const { environment = process.env, cwd = process.cwd(), clock } = options;
  const kubeconfig = await loadKubeconfig({ paths: options.kubeconfigPaths, environment, cwd });
  const config = selectContext(kubeconfig, options.context);
  const { cluster, user } = config;
  const { server } = cluster;
  const proxy = selectProxy(server, cluster.proxyUrl, environment);
  options.logger.debug('kubeconfig read', {
    files: kubeconfig.source,
    context: config.context,
    server: server.origin,
    proxy: proxy && `${proxy.kind}://${proxy.host}:${proxy.port}`,
    credentials: user.exec?.command ?? 'kubeconfig',
  });
  const connector = createConnector({ cluster, authority: await readPem(cluster.authority), proxy, clock });
  const credentials = createCredentials({ user, cluster, environment, cwd, clock });
  const transport = createApiTransport({ server, connector, credentials, clock });
  const objects = createObjectCalls(transport);

  return {
    context: config.context,
    namespace: options.namespace ?? config.namespace ?? 'default',
    server: server.href.replace(/\/$/, ''),
    user: user.name,
    ...objects,
    follow: (path, followOptions) =>
      follow(
        {
          clock,
          server: server.origin,
          list: objects.list,
          stream: (watchPath, query, signal) =>
            transport.stream({ method: 'GET', path: watchPath, query, signal }),
        },
        path,
        followOptions,
      ),
    missingRights: (rights, { signal }) => findMissingRights(objects, rights, { signal }),
    portForward: (target, { signal }) =>
      openPortForward({ server, connector, transport, clock }, target, signal),
    async version({ signal }): Promise<ServerVersion> {
      const version = await objects.get<Record<'major' | 'minor' | 'gitVersion', string>>('/version', {
        signal,
      });
      // Cloud providers write "20+".
      return {
        major: Number.parseInt(version.major, 10),
        minor: Number.parseInt(version.minor, 10),
        gitVersion: version.gitVersion,
      };
    },
    close(): void {
      credentials.close();
      transport.close();
    },
  };
}

type ObjectCalls = Pick<
  KubeClient,
  'get' | 'find' | 'getText' | 'streamText' | 'list' | 'create' | 'replace' | 'patch' | 'delete'
>;

interface ListPage<T> {
  metadata?: V1ListMeta & { continue?: string };
  items: T[] | null;
}

const patchMediaTypes: Readonly<Record<PatchOptions['type'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // The server reads YAML here, of which JSON is a part.
  apply: 'application/apply-patch+yaml',
};

/** Reading and writing objects: HTTP methods and query parameters of the Kubernetes API. */
function createObjectCalls(transport: ApiTransport): ObjectCalls {
  const call = async <T>(request: ApiRequest): Promise<T> => JSON.parse(await transport.text(request)) as T;
  const get: KubeClient['get'] = (path, { query, signal }) => call({ method: 'GET', path, query, signal });

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names the type of the JSON
  async function list<T>(
    path: string,
    { labelSelector, fieldSelector, signal }: ListOptions,
  ): Promise<{ items: T[]; resourceVersion: string }> {
    const items: T[] = [];
    let page: ListPage<T> | undefined;
    do {
      const query = {
        labelSelector,
        fieldSelector,
        limit: listPageSize,
        continue: page?.metadata?.continue,
      };
      page = await get<ListPage<T>>(path, { query, signal });
      items.push(...(page.items ?? []));
    } while ((page.metadata?.continue ?? '') !== '');
    return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
  }

  return {
    get,
    list,
    find: (path, options) => unlessMissing(get(path, options)),
    getText: (path, { query, signal }) => transport.text({ method: 'GET', path, query, signal }),
    streamText: (path, { query, signal }) => transport.stream({ method: 'GET', path, query, signal }),
    create: (path, body, options) =>
      call({ method: 'POST', path, body, query: writeQuery(options), signal: options.signal }),
    replace: (path, body, options) =>
      call({ method: 'PUT', path, body, query: writeQuery(options), signal: options.signal }),
    patch: (path, patch, options) =>
      call({
        method: 'PATCH',
        path,
        body: patch,
        contentType: patchMediaTypes[options.type],
        query: { ...writeQuery(options), force: options.force },
        signal: options.signal,
      }),
    async delete(path, { signal, ...body }): Promise<void> {
      await unlessMissing(transport.text({ method: 'DELETE', path, body, signal }));
    },
  };
}

function writeQuery({ dryRun, fieldManager = 'tp' }: WriteOptions): Query {
  return { dryRun: dryRun === true ? 'All' : undefined, fieldManager };
}

/** Undefined when the object does not exist. */
async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (kubeStatus(error)?.status === 404) return undefined;
    throw error;
  }
}
