/** The UDP flows of a network: each has an association, made with its first datagram and closed when it is idle. */
import type { SocketAddress } from '../address/index.ts';
import { describeError, type Clock, type Logger, type Timer } from '../core/index.ts';
import type { DatagramDialer, UdpAssociation } from '../net/index.ts';

/** RFC 4787 REQ-5 asks for two minutes at least. */
export const IDLE_MS = 120_000;
/** Flows at once; the one that was idle longest makes room. */
export const MAXIMUM_FLOWS = 1024;
/** Datagrams that wait while an association is made; later ones are dropped. */
export const MAXIMUM_WAITING = 16;

interface Flow {
  association: UdpAssociation | undefined;
  waiting: Buffer[];
  timer: Timer;
  closing: AbortController;
}

export interface DatagramFlows {
  /** Sends a datagram, and takes ownership of it; `reply` gets those that come back. */
  send(key: number, target: SocketAddress, datagram: Buffer, reply: (datagram: Buffer) => void): void;
  /** Keeps a flow that needs no association, such as to the name server. */
  touch(key: number): void;
  close(): void;
}

export function createDatagramFlows(options: {
  dialer: DatagramDialer;
  /** The flow is over. */
  release: (key: number) => void;
  clock: Clock;
  logger: Logger;
}): DatagramFlows {
  const { dialer, release, clock, logger } = options;
  /** Least recently used first. */
  const flows = new Map<number, Flow>();

  function end(key: number): void {
    const flow = flows.get(key);
    if (flow === undefined) return;
    flows.delete(key);
    flow.timer.cancel();
    flow.closing.abort();
    flow.association?.close();
    release(key);
  }

  /** The flow, as the most recently used one. */
  function use(key: number): { flow: Flow; isNew: boolean } {
    const existing = flows.get(key);
    existing?.timer.cancel();
    const timer = clock.after(IDLE_MS, () => end(key));
    const flow = existing ?? { association: undefined, waiting: [], timer, closing: new AbortController() };
    flow.timer = timer;
    flows.delete(key);
    const [oldest] = flows.keys();
    if (flows.size >= MAXIMUM_FLOWS && oldest !== undefined) end(oldest);
    flows.set(key, flow);
    return { flow, isNew: existing === undefined };
  }

  async function associate(
    key: number,
    flow: Flow,
    target: SocketAddress,
    reply: (datagram: Buffer) => void,
  ): Promise<void> {
    try {
      const association = await dialer.associate(target, { signal: flow.closing.signal });
      if (flow.closing.signal.aborted) {
        association.close();
        return;
      }
      flow.association = association;
      association.onDatagram((datagram) => {
        use(key);
        reply(datagram);
      });
      void association.closed.then(() => {
        if (flows.get(key) === flow) end(key);
      });
      for (const datagram of flow.waiting.splice(0)) association.send(datagram);
    } catch (error) {
      logger.debug('no association', { target: target.host, reason: describeError(error) });
      if (flows.get(key) === flow) end(key);
    }
  }

  return {
    send(key, target, datagram, reply): void {
      const { flow, isNew } = use(key);
      if (flow.association !== undefined) flow.association.send(datagram);
      else if (flow.waiting.length < MAXIMUM_WAITING) flow.waiting.push(datagram);
      if (isNew) void associate(key, flow, target, reply);
    },
    touch(key): void {
      use(key);
    },
    close(): void {
      for (const key of [...flows.keys()]) end(key);
    },
  };
}
