/** The daemon as a whole: its connections, and what each operation of the local API does with them. */
import {
  API_VERSION,
  type ConnectionSelector,
  type DaemonPaths,
  type DaemonStatus,
  type InterceptRequest,
  type InterceptResult,
} from '../contract/index.ts';
import { createDeferred, runInBackground, type Clock, type Logger, type Timer } from '../core/index.ts';
import { raise } from '../errors/index.ts';
import { diagnose, listWorkloads, resolveTarget, uninstall } from '../intercepts/index.ts';
import { createKubeClient, type KubeClient, type KubeClientOptions } from '../kube/index.ts';
import type { OperationContext, OperationHandlers, OperationOutcome } from './api-server.ts';
import { followAgentLogs, readAgentLogs } from './agent-logs.ts';
import { createAgentConnector } from './agent-connector.ts';
import { cleanCluster } from './clean.ts';
import { loadClientKey } from './client-key.ts';
import { Connection, connectionKey } from './connection.ts';
import { explainClaims } from './explain.ts';
import { addHolders, claimsOn } from './holders.ts';
import { createRecoveryFolder } from './pod-recovery.ts';

/** A daemon without a connection is of no use; it ends by itself. */
const IDLE_MS = 10 * 60_000;
const DEFAULT_IMAGE = process.env['TP_AGENT_IMAGE'] ?? 'ghcr.io/tp-intercept/agent:0.1.0';

export interface DaemonOptions {
  paths: DaemonPaths;
  version: string;
  /** Makes the client of a connection or request; tests give one without a cluster. */
  /** Where the native parts are. Default: nowhere, so that nobody gets a network of its own. */
  nativeDirectory?: string;
  createClient?: (options: KubeClientOptions) => Promise<KubeClient>;
  clock: Clock;
  logger: Logger;
}

export interface Daemon {
  readonly operations: OperationHandlers;
  /** Ends all connections, then `stopped` resolves. Idempotent. */
  stop(): void;
  readonly stopped: Promise<void>;
}

export function createDaemon(options: DaemonOptions): Daemon {
  const { createClient = createKubeClient, clock, logger } = options;
  const connections = new Map<string, Connection>();
  const recovery = createRecoveryFolder(options.paths.recoveryDirectory);
  const loadKey = (): Promise<string> => loadClientKey(options.paths.clientKeyFile);
  const stopped = createDeferred<undefined>();
  let stopping: Promise<void> | undefined;
  let idle: Timer = clock.after(IDLE_MS, stop);

  function stop(): void {
    stopping ??= closeAll().finally(() => {
      stopped.resolve(undefined);
    });
    runInBackground('stopping', stopping, logger);
  }

  async function closeAll(): Promise<void> {
    await Promise.all([...connections.values()].map((connection) => close(connection)));
  }

  async function close(connection: Connection): Promise<void> {
    await detach(connection);
    connection.kube.close();
  }

  /** Closes the connection but for its Kubernetes client. */
  async function detach(connection: Connection): Promise<void> {
    connections.delete(connection.key);
    if (connections.size === 0) idle = clock.after(IDLE_MS, stop);
    await connection.close();
  }

  function clientFor(selector: ConnectionSelector): Promise<KubeClient> {
    return createClient({
      ...(selector.kubeconfig === undefined ? {} : { kubeconfigPaths: selector.kubeconfig }),
      ...(selector.context === undefined ? {} : { context: selector.context }),
      ...(selector.namespace === undefined ? {} : { namespace: selector.namespace }),
      environment: selector.environment,
      cwd: selector.workingDirectory,
      logger,
      clock,
    });
  }

  /** The only connection, when the user names no cluster and no namespace: then it is meant. */
  function impliedConnection({ context, namespace, kubeconfig }: ConnectionSelector): Connection | undefined {
    if (context !== undefined || namespace !== undefined || kubeconfig !== undefined) return undefined;
    const [only, ...others] = connections.values();
    return others.length === 0 ? only : undefined;
  }

  /** The same with the cluster and namespace of the implied connection named. */
  function meant(selector: ConnectionSelector): ConnectionSelector {
    const implied = impliedConnection(selector)?.kube;
    return implied === undefined
      ? selector
      : { ...selector, context: implied.context, namespace: implied.namespace };
  }

  /**
   * The connection that `kube` means, which may be new: then it has done nothing yet. Takes over `kube`. Not asynchronous, so
   * that requests at the same time share one, and nobody closes it before its caller holds it.
   */
  function connectionFor(kube: KubeClient): Connection {
    const existing = connections.get(connectionKey(kube));
    if (existing !== undefined) {
      kube.close();
      return existing;
    }
    idle.cancel();
    const connection = new Connection({ kube, recovery, loadKey, clock, logger });
    connections.set(connection.key, connection);
    return connection;
  }

  /** An existing connection: the one that is named, or the only one. @throws {NOT_CONNECTED} {USAGE_CONNECTION_AMBIGUOUS} */
  function existingConnection({ context, namespace }: ConnectionSelector): Connection {
    const matching = [...connections.values()].filter(
      ({ kube }) =>
        (context === undefined || kube.context === context) &&
        (namespace === undefined || kube.namespace === namespace),
    );
    const [only] = matching;
    if (only === undefined) raise('NOT_CONNECTED', {});
    if (matching.length > 1)
      raise('USAGE_CONNECTION_AMBIGUOUS', { choices: matching.map(({ label }) => label) });
    return only;
  }

  /** Runs `work` with the client of the implied connection, else with one of its own. */
  async function withClient<T>(
    selector: ConnectionSelector,
    work: (kube: KubeClient) => Promise<T>,
  ): Promise<T> {
    const implied = impliedConnection(selector);
    if (implied !== undefined) return work(implied.kube);
    const kube = await clientFor(selector);
    try {
      return await work(kube);
    } finally {
      kube.close();
    }
  }

  /**
   * Runs `work` on a connection, which is closed again when `work` fails and nobody else needs it. A held request keeps
   * it until its caller goes away or `over` says that there is nothing left to hold; `onEnd` then undoes what the request
   * did.
   */
  async function onConnection<T>(
    selector: ConnectionSelector,
    { hold, signal }: { hold: boolean; signal: AbortSignal },
    work: (connection: Connection) => Promise<{ result: T; over: AbortSignal; onEnd?: () => Promise<void> }>,
  ): Promise<{ result: T; held?: Promise<void> }> {
    const connection = impliedConnection(selector) ?? connectionFor(await clientFor(selector));
    const release = connection.hold();
    const letGo = async (): Promise<void> => {
      if (release() && connections.get(connection.key) === connection) await close(connection);
    };
    try {
      await connection.recover();
      const { result, over, onEnd } = await work(connection);
      if (hold)
        return {
          result,
          held: aborted(AbortSignal.any([signal, over]))
            .then(onEnd)
            .finally(letGo),
        };
      connection.keep();
      await letGo();
      return { result };
    } catch (error) {
      await letGo();
      throw error;
    }
  }

  async function intercept(
    request: InterceptRequest,
    { signal, onProgress }: OperationContext,
  ): Promise<OperationOutcome<'intercept'>> {
    return onConnection<InterceptResult>(
      request.connection,
      { hold: request.hold, signal },
      async (connection) => {
        const result = await connection.intercept(request, {
          agentImage: request.agentImage ?? DEFAULT_IMAGE,
          timeoutMs: request.timeoutSeconds * 1000,
          signal,
          onProgress,
        });
        const over = connection.overSignal(request.name);
        const onEnd = async (): Promise<void> => {
          // Somebody may have left it by hand before.
          if (!over.aborted) await connection.leave(request.name);
        };
        return { result, over, onEnd };
      },
    );
  }

  const operations: OperationHandlers = {
    status: () => Promise.resolve({ result: status() }),
    connect: (request, { signal, onProgress }) =>
      onConnection(request.connection, { hold: request.hold, signal }, async (connection) => {
        await connection.start({
          agentImage: request.agentImage ?? DEFAULT_IMAGE,
          timeoutMs: request.timeoutSeconds * 1000,
          signal,
          onProgress,
        });
        await connection.forward(request.forwards);
        return { result: connection.status(), over: connection.closed };
      }),
    async quit(request) {
      if (request.connection === undefined) {
        const ended = [...connections.values()].map(({ label }) => label);
        // After the answer has gone out.
        setImmediate(stop);
        return { result: { ended } };
      }
      const connection = existingConnection(request.connection);
      await close(connection);
      return { result: { ended: [connection.label] } };
    },
    run: (request, { signal, onProgress }) =>
      onConnection(request.connection, { hold: true, signal }, async (connection) => {
        await connection.start({
          agentImage: request.agentImage ?? DEFAULT_IMAGE,
          timeoutMs: request.timeoutSeconds * 1000,
          signal,
          onProgress,
        });
        const network = await connection.ownNetwork({
          local: request.local,
          nativeDirectory: options.nativeDirectory ?? '',
          socketDirectory: options.paths.directory,
          signal,
        });
        return {
          result: { connection: connection.status(), socket: network.socket },
          over: connection.closed,
          onEnd: () => network.close(),
        };
      }),
    list: async (request, { signal }) => ({
      result: await withClient(request.connection, async (kube) => {
        const connector =
          connections.get(connectionKey(kube))?.connector ??
          createAgentConnector({ kube, loadKey, clock, logger });
        const workloads = await listWorkloads(kube, { namespace: kube.namespace, signal });
        return addHolders(workloads, { kube, connector, logger, signal });
      }),
    }),
    intercept,
    async leave(request) {
      const connection = existingConnection(request.connection);
      const openConnections = await connection.leave(request.name);
      return { result: { name: request.name, openConnections } };
    },
    uninstall: async (request, { signal, onProgress }) => ({
      result: await withClient(request.connection, async (kube) => {
        const connection = connections.get(connectionKey(kube));
        // The connection stands on what is about to go: an agent or the gateway.
        if (request.name === undefined && connection !== undefined) await detach(connection);
        if (request.name !== undefined) await leaveTarget(kube, request.name, signal);
        try {
          return await uninstall(kube, {
            namespace: kube.namespace,
            name: request.name,
            timeoutMs: request.timeoutSeconds * 1000,
            confirmed: request.confirmed,
            recovery,
            clock,
            logger,
            signal,
            onProgress,
          });
        } finally {
          if (request.name === undefined) connection?.kube.close();
        }
      }),
    }),
    clean: async (request, { signal, onProgress }) => ({
      result: await cleanCluster(request, {
        openClient: (namespace) =>
          clientFor({ ...meant(request.connection), ...(namespace && { namespace }) }),
        async endOwnConnection(kube) {
          const connection = connections.get(connectionKey(kube));
          if (connection !== undefined) await close(connection);
        },
        recovery,
        clock,
        logger,
        signal,
        onProgress,
      }),
    }),
    doctor: async (request, { signal }) => ({
      result: await withClient(request.connection, (kube) =>
        diagnose(kube, { namespace: kube.namespace, name: request.name, image: DEFAULT_IMAGE, signal }),
      ),
    }),
    explain: async ({ connection, name, request }, { signal }) => ({
      result: await withClient(connection, async (kube) => {
        const { workload } = await resolveTarget(kube, { namespace: kube.namespace, name, signal });
        const connector =
          connections.get(connectionKey(kube))?.connector ?? createAgentConnector({ kube, clock, logger });
        const claims = await claimsOn(workload.label, { kube, connector, logger, signal });
        return { workload: workload.label, ports: explainClaims(claims, request) };
      }),
    }),
    'agent-logs': async ({ connection, name, tailLines, follow }, { signal, onEvent }) => ({
      result: await withClient(connection, async (kube) => {
        if (!follow) return readAgentLogs(kube, { name, tailLines, signal });
        await followAgentLogs(kube, { name, tailLines, signal, onLine: onEvent });
        return { logs: [] };
      }),
    }),
  };

  /** Ends our own intercepts on the workload behind `name`, whose agent is about to go. */
  async function leaveTarget(kube: KubeClient, name: string, signal: AbortSignal): Promise<void> {
    const connection = connections.get(connectionKey(kube));
    if (connection === undefined) return;
    const { workload } = await resolveTarget(kube, { namespace: kube.namespace, name, signal });
    for (const intercept of connection.interceptsOn(workload.label)) await connection.leave(intercept);
  }

  function status(): DaemonStatus {
    return {
      version: options.version,
      apiVersion: API_VERSION,
      pid: process.pid,
      logFile: options.paths.logFile,
      connections: [...connections.values()].map((connection) => connection.status()),
    };
  }

  return { operations, stop, stopped: stopped.promise };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}
