/**
 * Keeps one tunnel to one pod: makes it, and makes it again when it is lost, until it is closed.
 */
import {
  createBackoff,
  createDeferred,
  describeError,
  runInBackground,
  type Clock,
  type Deferred,
  type Logger,
} from '../core/index.ts';
import { createError } from '../errors/index.ts';
import type { Tunnel } from '../tunnel/index.ts';

/** First and longest wait between two attempts. */
const RETRY_INITIAL_MS = 200;
const RETRY_MAXIMUM_MS = 5000;

export interface PodTunnelOptions {
  pod: string;
  connect: (options: { signal: AbortSignal }) => Promise<Tunnel>;
  /** Runs on each new tunnel before anybody else sees it; when it throws, the tunnel is closed and tried again. */
  onConnected: (tunnel: Tunnel) => Promise<void>;
  clock: Clock;
  logger: Logger;
}

export interface PodTunnel {
  readonly pod: string;
  /** The tunnel while there is one. */
  readonly current: Tunnel | undefined;
  /** Why the last attempt failed, until one succeeds. */
  readonly lastError: unknown;
  /** @throws signal.reason */
  whenConnected(options: { signal: AbortSignal }): Promise<Tunnel>;
  /** Ends the tunnel and the attempts. Idempotent. */
  close(): Promise<void>;
}

export function keepPodTunnel({ pod, connect, onConnected, clock, logger }: PodTunnelOptions): PodTunnel {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  /** From the moment it is made; `current` only once it is prepared. */
  let made: Tunnel | undefined;
  let current: Tunnel | undefined;
  let lastError: unknown;
  let connected: Deferred<Tunnel> = createDeferred();

  async function run(): Promise<void> {
    const backoff = createBackoff({ initialMs: RETRY_INITIAL_MS, maximumMs: RETRY_MAXIMUM_MS });
    while (!signal.aborted) {
      try {
        const tunnel = await connect({ signal });
        made = tunnel;
        await prepare(tunnel);
        backoff.reset();
        const reason = await tunnel.closed;
        logger.info('tunnel lost', { pod, reason: reason?.message });
      } catch (error) {
        lastError = error;
        logger.info('no tunnel', { pod, reason: describeError(error) });
      }
      forget();
      await clock.sleep(backoff.nextMs(), { signal });
    }
  }

  async function prepare(tunnel: Tunnel): Promise<void> {
    try {
      // close() may have come too late for the attempt and too early for the tunnel.
      signal.throwIfAborted();
      await onConnected(tunnel);
    } catch (error) {
      runInBackground('closing a tunnel', tunnel.close(), logger);
      throw error;
    }
    current = tunnel;
    lastError = undefined;
    connected.resolve(tunnel);
    logger.info('tunnel made', { pod });
  }

  function forget(): void {
    if (current !== undefined) connected = createDeferred();
    made = undefined;
    current = undefined;
  }

  const running = run().catch(() => {
    // Only the abort of close() gets here.
  });

  return {
    pod,
    get current(): Tunnel | undefined {
      return current;
    },
    get lastError(): unknown {
      return lastError;
    },
    async whenConnected(options): Promise<Tunnel> {
      const aborted = createDeferred<never>();
      const onAbort = (): void => {
        aborted.reject(options.signal.reason);
      };
      options.signal.addEventListener('abort', onAbort, { once: true });
      try {
        options.signal.throwIfAborted();
        return await Promise.race([connected.promise, aborted.promise]);
      } finally {
        options.signal.removeEventListener('abort', onAbort);
      }
    },
    async close(): Promise<void> {
      lifetime.abort(createError('TUNNEL_UNAVAILABLE', {}));
      // One that is being prepared as well: what runs on it may wait for ever.
      await made?.close();
      await running;
    },
  };
}
