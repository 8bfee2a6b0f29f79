/**
 * Answers at the Services' addresses, which are local to the node: one listening socket for each port that has a
 * backend. A port without any is not listened on, so that the kernel refuses, as kube-proxy does. Backends see the
 * node's address as the client's; connections that are open stay when a backend leaves the Service.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { describeError, runInBackground, type Clock, type Logger } from '../../../core/index.ts';
import { listen, relay, resetSocket } from '../../../net/index.ts';
import type { ClusterAccess } from '../../store/cluster-access.ts';
import { MAX_UDP_FLOWS, UDP_FLOW_IDLE_MS } from '../limits.ts';
import { BackendChoice } from './backend-choice.ts';
import { buildServicePorts, type Backend, type ServicePort } from './endpoint-table.ts';

export interface ServiceProxy {
  /** Closes listeners and connections. */
  close(): Promise<void>;
}

interface Opened {
  choice: BackendChoice;
  /** No new connections; those that are open stay. */
  stop: () => void;
}

/** Follows Services and endpoints until it is closed. */
export function startServiceProxy({
  cluster,
  clock,
  logger,
}: {
  cluster: ClusterAccess;
  clock: Clock;
  logger: Logger;
}): ServiceProxy {
  const open = new Map<string, Opened>();
  const lifetime = new AbortController();
  let isDue = false;
  let reconciling: Promise<void> = Promise.resolve();

  const reconcile = async (): Promise<void> => {
    isDue = false;
    if (lifetime.signal.aborted) return;
    const wanted = buildServicePorts({
      services: cluster.list('services'),
      slices: cluster.list('endpointslices.discovery.k8s.io'),
      endpoints: cluster.list('endpoints'),
    });
    for (const [key, { stop }] of open) {
      if (wanted.has(key)) continue;
      stop();
      open.delete(key);
    }
    await Promise.all([...wanted].map(([key, port]) => openPort(key, port)));
  };
  const openPort = async (key: string, port: ServicePort): Promise<void> => {
    const before = open.get(key);
    if (before !== undefined) {
      before.choice.update(port);
      return;
    }
    const choice = new BackendChoice(port);
    try {
      const serve = port.protocol === 'TCP' ? serveTcp : serveUdp;
      open.set(key, { choice, stop: await serve(port, choice, { clock, logger, signal: lifetime.signal }) });
    } catch (error) {
      logger.warn('a Service port cannot be served', { port: key, error: describeError(error) });
    }
  };
  const note = (): void => {
    if (isDue) return;
    isDue = true;
    reconciling = reconciling.then(reconcile);
  };
  const stops = [
    cluster.watch('services', note),
    cluster.watch('endpointslices.discovery.k8s.io', note),
    cluster.watch('endpoints', note),
  ];
  return {
    async close(): Promise<void> {
      for (const stop of stops) stop();
      await reconciling;
      lifetime.abort();
      for (const { stop } of open.values()) stop();
      open.clear();
    },
  };
}

interface Serving {
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}

async function serveTcp(
  { address, port }: ServicePort,
  choice: BackendChoice,
  { clock, logger, signal }: Serving,
): Promise<() => void> {
  const relays = new AbortController();
  signal.addEventListener('abort', () => relays.abort(), { once: true });
  const listener = await listen({
    host: address,
    port,
    onConnection: (client: Socket) => {
      const backend = choice.choose(client.remoteAddress ?? '', clock.monotonicMs());
      const server = connect({
        host: backend.address,
        port: backend.port,
        allowHalfOpen: true,
        noDelay: true,
      });
      // Until both are joined; relay() has its own.
      const refuse = (): void => resetSocket(client);
      const giveUp = (): void => void server.destroy();
      server.once('error', refuse);
      client.once('close', giveUp);
      server.once('connect', () => {
        client.off('close', giveUp);
        runInBackground('a Service connection', relay(client, server, { signal: relays.signal }), logger);
      });
    },
  });
  return () => listener.stopAccepting();
}

/** A flow is a client's address and port; it has a socket of its own towards the backend. */
async function serveUdp(
  { address, port }: ServicePort,
  choice: BackendChoice,
  { clock, signal }: Serving,
): Promise<() => void> {
  const front = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.bind({ address, port, exclusive: true }, resolve);
  });
  const flows = new Map<string, { back: DatagramSocket; backend: Backend; lastMs: number }>();
  const endFlow = (key: string): void => {
    flows.get(key)?.back.close();
    flows.delete(key);
  };
  const watch = (key: string): void => {
    const flow = flows.get(key);
    if (flow === undefined) return;
    const idleMs = clock.monotonicMs() - flow.lastMs;
    if (idleMs >= UDP_FLOW_IDLE_MS) endFlow(key);
    else clock.after(UDP_FLOW_IDLE_MS - idleMs, () => watch(key));
  };
  front.removeAllListeners('error').on('error', () => undefined);
  front.on('message', (datagram, client) => {
    const key = `${client.address}:${client.port}`;
    let flow = flows.get(key);
    if (flow === undefined) {
      if (flows.size >= MAX_UDP_FLOWS) return;
      const backend = choice.choose(client.address, clock.monotonicMs());
      const back = createSocket('udp4');
      flow = { back, backend, lastMs: 0 };
      flows.set(key, flow);
      back.on('error', () => endFlow(key));
      back.on('message', (answer) => front.send(answer, client.port, client.address));
      clock.after(UDP_FLOW_IDLE_MS, () => watch(key));
    }
    flow.lastMs = clock.monotonicMs();
    flow.back.send(datagram, flow.backend.port, flow.backend.address);
  });
  let isStopped = false;
  const stop = (): void => {
    if (isStopped) return;
    isStopped = true;
    front.close();
    for (const key of [...flows.keys()]) endFlow(key);
  };
  signal.addEventListener('abort', stop, { once: true });
  return stop;
}
