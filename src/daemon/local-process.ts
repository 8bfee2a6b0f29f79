/** Delivers intercepted connections to the process on this machine. */
import type { Protocol } from '../contract/index.ts';
import { runInBackground, type Logger } from '../core/index.ts';
import { createError, isToolError } from '../errors/index.ts';
import {
  createStreamAssociation,
  relay,
  relayDatagrams,
  type DatagramDialer,
  type Dialer,
} from '../net/index.ts';
import type { InterceptedConnection } from '../tunnel/index.ts';

/** A local process that does not accept within this is as good as down: the cluster's copy answers. */
const DIAL_TIMEOUT_MS = 3000;

export interface LocalTarget {
  protocol: Protocol;
  /** Port of the application that this one stands for. */
  appPort: number;
  host: string;
  port: number;
}

export interface LocalProcessOptions {
  targets: readonly LocalTarget[];
  dialer: Dialer;
  datagramDialer: DatagramDialer;
  logger: Logger;
  /** Ends the open connections. */
  signal: AbortSignal;
}

export interface LocalProcess {
  /** Takes over an intercepted connection: dials the process and joins both, or lets the application answer. */
  deliver(connection: InterceptedConnection): void;
  readonly connections: { readonly open: number; readonly total: number };
}

export function createLocalProcess(options: LocalProcessOptions): LocalProcess {
  const connections = { open: 0, total: 0 };

  async function serve(connection: InterceptedConnection): Promise<void> {
    const { header } = connection;
    const target = options.targets.find(
      ({ protocol, appPort }) => protocol === header.protocol && appPort === header.appPort,
    );
    if (target === undefined) {
      connection.refuse(createError('INTERCEPT_NOT_FOUND', { name: String(header.appPort), known: [] }));
      return;
    }
    const join = await dialTarget(connection, target);
    if (join === undefined) return;
    connections.open += 1;
    connections.total += 1;
    try {
      await join();
    } finally {
      connections.open -= 1;
    }
  }

  /** Accepts or refuses the connection; returns what joins its two ends. */
  async function dialTarget(
    connection: InterceptedConnection,
    target: LocalTarget,
  ): Promise<(() => Promise<unknown>) | undefined> {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]);
    try {
      if (target.protocol === 'UDP') {
        const association = await options.datagramDialer.associate(target, { signal });
        return () =>
          relayDatagrams(createStreamAssociation(connection.accept()), association, {
            signal: options.signal,
          });
      }
      const local = await options.dialer.dial(target, { signal });
      return () => relay(connection.accept(), local, { signal: options.signal });
    } catch (error) {
      connection.refuse(isToolError(error) ? error : createError('NET_TIMEOUT', timeoutDetails(target)));
      return undefined;
    }
  }

  return {
    connections,
    deliver(connection: InterceptedConnection): void {
      runInBackground('intercepted connection', serve(connection), options.logger);
    },
  };
}

function timeoutDetails({ host, port }: LocalTarget): { target: string; seconds: number } {
  return { target: `${host}:${port}`, seconds: DIAL_TIMEOUT_MS / 1000 };
}
