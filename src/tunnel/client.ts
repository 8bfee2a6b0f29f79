/**
 * The laptop's end of a tunnel: TLS, multiplexer, streams (docs/PROTOCOL.md). One tunnel leads to one pod. Its life ends
 * with its carrier; making a new one is its owner's work.
 */
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import {
  TUNNEL_VERSIONS,
  controlAcceptedSchema,
  dialAcceptedSchema,
  interceptedHeaderSchema,
  lookupAnswerSchema,
  type AgentDescription,
  type ClientDescription,
  type ClientHeader,
  type ControlEvent,
  type ControlRequest,
  type InterceptedHeader,
} from '../contract/index.ts';
import { describeError, runInBackground, type Clock, type Logger } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import { createMuxSession, type MuxSession } from '../mux/index.ts';
import {
  createStreamAssociation,
  type DatagramDialer,
  type Dialer,
  type UdpAssociation,
} from '../net/index.ts';
import { createControlChannel, endWithControl, type Result } from './control-channel.ts';
import { readMessage, readReply, refuse, writeMessage } from './messages.ts';

/** The agent answers a header at once, or after its own dial time-out of 10 s; silence beyond that is a defect. */
const REPLY_TIMEOUT_MS = 15_000;
/** TLS and the first reply take two round trips; a carrier that needs longer is better given up. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface TunnelOptions {
  /** Byte stream to the agent's tunnel port; owned from now on. */
  carrier: Duplex;
  credentials: TunnelCredentials;
  client: ClientDescription;
  /** A connection that the agent intercepted. The handler accepts or refuses it. */
  onIntercepted: (connection: InterceptedConnection) => void;
  onEvent: (event: ControlEvent) => void;
  clock: Clock;
  logger: Logger;
  /** Aborting it ends the attempt; afterwards it has no effect. */
  signal: AbortSignal;
}

/** PEM texts, and the name the agent's certificate must carry. */
export interface TunnelCredentials {
  authority: string;
  certificate: string;
  key: string;
  serverName: string;
}

export interface InterceptedConnection {
  readonly header: InterceptedHeader;
  /** Tells the agent that the local process answers, and gives the connection's stream. */
  accept(): Duplex;
  /** Tells the agent to let the application answer. */
  refuse(error: unknown): void;
}

/** Dials from the agent's pod: names and addresses mean what they mean there. */
export interface Tunnel extends Dialer, DatagramDialer {
  readonly agent: AgentDescription;
  readonly roundTripMs: number | undefined;
  /** Addresses of `name` as the pod sees it; empty when it does not exist. `cluster`: only as a cluster name. */
  lookup(name: string, scope: 'cluster' | 'any', options: { signal: AbortSignal }): Promise<string[]>;
  request<R extends ControlRequest>(request: R): Promise<Result<R>>;
  /** Lets open streams finish within the multiplexer's deadline. */
  close(): Promise<void>;
  /** Resolves with the reason when the tunnel has ended. */
  readonly closed: Promise<Error | undefined>;
}

/**
 * Makes a tunnel of `carrier`.
 * @throws {TUNNEL_VERSION_MISMATCH} {TUNNEL_PROTOCOL} {TUNNEL_LOST}, or `signal.reason`
 */
export async function connectTunnel(options: TunnelOptions): Promise<Tunnel> {
  const { carrier, client, clock, logger } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(HANDSHAKE_TIMEOUT_MS)]);
  const secured = await secure(carrier, options.credentials, signal);
  const mux = createMuxSession({
    carrier: secured,
    role: 'client',
    onStream: (stream) => {
      runInBackground('intercepted connection', receiveIntercepted(stream, options.onIntercepted), logger);
    },
    clock,
    logger,
  });
  try {
    const stream = mux.openStream();
    // The control channel adds its own listener; until then an early reset must not end the process.
    stream.on('error', () => undefined);
    writeMessage(stream, { kind: 'control', versions: [...TUNNEL_VERSIONS], client } satisfies ClientHeader);
    const { agent } = await readReply(stream, controlAcceptedSchema, { signal });
    const control = createControlChannel({ stream, onEvent: options.onEvent });
    void control.closed.then((reason) => endWithControl(mux, reason));
    const close = async (): Promise<void> => {
      // Both ends would wait for the control stream as for any other.
      stream.end();
      await mux.close();
    };
    return tunnelOver(mux, { agent, request: (request) => control.request(request), close });
  } catch (error) {
    mux.destroy();
    throw error;
  }
}

function tunnelOver(
  mux: MuxSession,
  { agent, request, close }: Pick<Tunnel, 'agent' | 'request' | 'close'>,
): Tunnel {
  /** Opens a stream for `header`; `use` reads the reply. The stream is gone when it fails. */
  async function open<T>(
    header: ClientHeader,
    signal: AbortSignal,
    use: (stream: Duplex, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const stream = mux.openStream();
    try {
      writeMessage(stream, header);
      return await use(stream, AbortSignal.any([signal, AbortSignal.timeout(REPLY_TIMEOUT_MS)]));
    } catch (error) {
      stream.on('error', () => undefined);
      stream.destroy();
      throw error;
    }
  }

  return {
    agent,
    get roundTripMs(): number | undefined {
      return mux.roundTripMs;
    },
    closed: mux.closed,
    close,
    request,
    dial: ({ host, port }, { signal }): Promise<Duplex> =>
      open({ kind: 'dial', host, port }, signal, async (stream, deadline) => {
        await readReply(stream, dialAcceptedSchema, { signal: deadline });
        return stream;
      }),
    associate: ({ host, port }, { signal }): Promise<UdpAssociation> =>
      open({ kind: 'associate', host, port }, signal, async (stream, deadline) => {
        await readReply(stream, dialAcceptedSchema, { signal: deadline });
        return createStreamAssociation(stream);
      }),
    lookup: (name, scope, { signal }): Promise<string[]> =>
      open({ kind: 'lookup', name, scope }, signal, async (stream, deadline) => {
        const { addresses } = await readReply(stream, lookupAnswerSchema, { signal: deadline });
        stream.end();
        stream.resume();
        return addresses;
      }),
  };
}

async function receiveIntercepted(
  stream: Duplex,
  onIntercepted: (connection: InterceptedConnection) => void,
): Promise<void> {
  // The relay adds its own listener; until then an early reset must not end the process.
  stream.on('error', () => undefined);
  const header = await readMessage(stream, interceptedHeaderSchema, {
    signal: AbortSignal.timeout(REPLY_TIMEOUT_MS),
  });
  onIntercepted({
    header,
    accept(): Duplex {
      writeMessage(stream, { ok: true });
      return stream;
    },
    refuse(error: unknown): void {
      refuse(stream, error);
    },
  });
}

/** Mutual TLS 1.3 over the carrier. */
function secure(carrier: Duplex, credentials: TunnelCredentials, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: carrier,
      ca: credentials.authority,
      cert: credentials.certificate,
      key: credentials.key,
      servername: credentials.serverName,
      minVersion: 'TLSv1.3',
    });
    const onAbort = (): void => {
      socket.destroy(signal.reason as Error);
    };
    const fail = (error?: Error): void => {
      signal.removeEventListener('abort', onAbort);
      carrier.destroy();
      reject(
        signal.aborted
          ? (signal.reason as Error)
          : createError('TUNNEL_LOST', { reason: describeError(error ?? 'closed during the TLS handshake') }),
      );
    };
    const onClose = (): void => {
      fail();
    };
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('close', onClose).off('error', fail);
      resolve(socket);
    });
    socket.on('error', fail).on('close', onClose);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}
