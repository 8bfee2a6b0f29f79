/**
 * The way from local programs into the cluster: one tunnel at a time, made again through whichever pod is there when it is
 * lost. An agent that an intercept is connected to serves as well; only without any is a gateway started.
 */
import type { Duplex } from 'node:stream';
import {
  createBackoff,
  createDeferred,
  describeError,
  type Clock,
  type Deferred,
  type Logger,
} from '../core/index.ts';
import { createError } from '../errors/index.ts';
import type { DatagramDialer, Dialer, UdpAssociation } from '../net/index.ts';
import type { Tunnel } from '../tunnel/index.ts';

/** A connection that comes while the tunnel is being made again waits so long for it. */
const WAIT_MS = 15_000;
const RETRY_INITIAL_MS = 200;
const RETRY_MAXIMUM_MS = 5000;

export interface OutboundOptions {
  /** Chooses a pod, starting a gateway if need be, and makes a tunnel or lends one. */
  connect: (options: { signal: AbortSignal }) => Promise<Tunnel>;
  clock: Clock;
  logger: Logger;
}

export interface Outbound extends Dialer, DatagramDialer {
  readonly current: Tunnel | undefined;
  /** Makes the first tunnel. @throws what `connect` throws; nothing goes on in the background then */
  start(options: { signal: AbortSignal }): Promise<void>;
  /** The tunnel, waited for while it is being made again. @throws {TUNNEL_UNAVAILABLE} or `signal.reason` */
  tunnel(options: { signal: AbortSignal }): Promise<Tunnel>;
  close(): Promise<void>;
}

export function createOutbound({ connect, clock, logger }: OutboundOptions): Outbound {
  const lifetime = new AbortController();
  let current: Tunnel | undefined;
  let available: Deferred<Tunnel> = createDeferred();
  let keeping: Promise<void> | undefined;

  /** From now on, whenever the tunnel is lost, makes another; until `close()`. */
  async function keep(first: Tunnel): Promise<void> {
    for (let tunnel = first; ; tunnel = await connectAgain()) {
      current = tunnel;
      available.resolve(tunnel);
      const reason = await tunnel.closed;
      logger.info('outbound tunnel lost', { reason: reason?.message });
      current = undefined;
      available = createDeferred();
      lifetime.signal.throwIfAborted();
    }
  }

  /** Tries until there is a tunnel. @throws what `close()` aborts with */
  async function connectAgain(): Promise<Tunnel> {
    const backoff = createBackoff({ initialMs: RETRY_INITIAL_MS, maximumMs: RETRY_MAXIMUM_MS });
    for (;;) {
      try {
        return await connect(lifetime);
      } catch (error) {
        logger.info('no outbound tunnel', { reason: describeError(error) });
        await clock.sleep(backoff.nextMs(), lifetime);
      }
    }
  }

  async function tunnel({ signal }: { signal: AbortSignal }): Promise<Tunnel> {
    if (current !== undefined) return current;
    const failed = createDeferred<never>();
    const onAbort = (): void => {
      failed.reject(signal.reason);
    };
    const timer = clock.after(WAIT_MS, () => {
      failed.reject(createError('TUNNEL_UNAVAILABLE', {}));
    });
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      signal.throwIfAborted();
      return await Promise.race([available.promise, failed.promise]);
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  return {
    get current(): Tunnel | undefined {
      return current;
    },
    tunnel,
    async start({ signal }): Promise<void> {
      const first = await connect({ signal: AbortSignal.any([signal, lifetime.signal]) });
      keeping = keep(first).catch((error: unknown) => {
        if (!lifetime.signal.aborted) logger.error('outbound', { error: describeError(error) });
      });
    },
    dial: async (target, options): Promise<Duplex> => (await tunnel(options)).dial(target, options),
    associate: async (target, options): Promise<UdpAssociation> =>
      (await tunnel(options)).associate(target, options),
    async close(): Promise<void> {
      lifetime.abort(createError('TUNNEL_UNAVAILABLE', {}));
      await current?.close();
      await keeping;
    },
  };
}
