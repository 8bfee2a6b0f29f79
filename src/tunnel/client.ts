/**
 * The laptop's end of a tunnel: TLS, resume, multiplexer, streams (docs/PROTOCOL.md). One tunnel leads to one pod. It
 * outlives its carriers when its owner can make others; without that, or with an agent that knows no resuming, it ends with
 * its carrier.
 */
import type { Duplex } from 'node:stream';
import {
  RESUME_ALPN,
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
import { createDeferred, runInBackground, type Clock, type Logger } from '../core/index.ts';
import { createMuxSession, type MuxSession } from '../mux/index.ts';
import {
  createStreamAssociation,
  type DatagramDialer,
  type Dialer,
  type UdpAssociation,
} from '../net/index.ts';
import { createControlChannel, endWithControl, type Result } from './control-channel.ts';
import { readMessage, readReply, refuse, writeMessage } from './messages.ts';
import { openResumable } from './resume-client.ts';
import { ResumableStream, endWithCarrier } from './resumable-stream.ts';
import { secure, type TunnelCredentials } from './secure.ts';

/** The agent answers a header at once, or after its own dial time-out of 10 s; silence beyond that is a defect. */
const REPLY_TIMEOUT_MS = 15_000;
/** TLS and the first reply take two round trips; a carrier that needs longer is better given up. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface TunnelOptions {
  /** Byte stream to the agent's tunnel port; owned from now on. */
  carrier: Duplex;
  credentials: TunnelCredentials;
  /** Lets the tunnel outlive its carriers. */
  reconnect?: Reconnect;
  client: ClientDescription;
  /** A connection that the agent intercepted. The handler accepts or refuses it. */
  onIntercepted: (connection: InterceptedConnection) => void;
  onEvent: (event: ControlEvent) => void;
  clock: Clock;
  logger: Logger;
  /** Aborting it ends the attempt; afterwards it has no effect. */
  signal: AbortSignal;
}

export interface Reconnect {
  /** Another carrier to the same agent, with credentials of the same key. */
  open: (options: { signal: AbortSignal }) => Promise<{ carrier: Duplex; credentials: TunnelCredentials }>;
  /** Whether what `open` threw means that the agent is gone for good. */
  isGone: (error: unknown) => boolean;
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
  /** How long it has had no carrier, in milliseconds; undefined while it has one. Open flows wait, new ones too. */
  readonly detachedForMs: number | undefined;
  /** Addresses of `name` as the pod sees it; empty when it does not exist. `cluster`: only as a cluster name. */
  lookup(name: string, scope: 'cluster' | 'any', options: { signal: AbortSignal }): Promise<string[]>;
  /** @throws the agent's error, or TUNNEL_LOST when there is no carrier, or it is lost before the answer */
  request<R extends ControlRequest>(request: R): Promise<Result<R>>;
  /** Lets open streams finish within the multiplexer's deadline; without a carrier they are reset at once. */
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
  const transport = await openTransport(carrier, options, signal);
  const resumable = transport instanceof ResumableStream ? transport : undefined;
  const mux = createMuxSession({
    carrier: transport,
    role: 'client',
    ...(resumable === undefined ? {} : { limits: { silenceMs: Infinity } }),
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
      endWithCarrier(mux, resumable);
      // Both ends would wait for the control stream as for any other.
      stream.end();
      await mux.close();
    };
    const request = async <R extends ControlRequest>(it: R): Promise<Result<R>> =>
      unlessDetached(resumable, () => control.request(it));
    return tunnelOver(mux, { agent, request, close, detachedForMs: () => resumable?.detachedForMs });
  } catch (error) {
    mux.destroy();
    throw error;
  }
}

/** TLS, and the resume layer where both ends know it. */
async function openTransport(
  carrier: Duplex,
  { credentials, reconnect, clock, logger }: TunnelOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  if (reconnect === undefined) return secure(carrier, credentials, { signal });
  const socket = await secure(carrier, credentials, { alpn: RESUME_ALPN, signal });
  if (socket.alpnProtocol !== RESUME_ALPN) {
    logger.info('the agent is of a version without resuming: connections end with the tunnel');
    return socket;
  }
  return openResumable({
    carrier: socket,
    async reconnect(attempt): Promise<Duplex> {
      const next = await reconnect.open(attempt);
      return secure(next.carrier, next.credentials, { alpn: RESUME_ALPN, ...attempt });
    },
    isGone: (error) => reconnect.isGone(error),
    clock,
    logger,
    signal,
  });
}

/** Without a carrier a question would wait for up to the resume window; whoever asks is better told. */
async function unlessDetached<T>(resumable: ResumableStream | undefined, ask: () => Promise<T>): Promise<T> {
  if (resumable === undefined) return ask();
  const { detached } = resumable;
  detached.throwIfAborted();
  const lost = createDeferred<never>();
  const onLost = (): void => {
    lost.reject(detached.reason);
  };
  detached.addEventListener('abort', onLost, { once: true });
  try {
    return await Promise.race([ask(), lost.promise]);
  } finally {
    detached.removeEventListener('abort', onLost);
  }
}

function tunnelOver(
  mux: MuxSession,
  {
    agent,
    request,
    close,
    detachedForMs,
  }: Pick<Tunnel, 'agent' | 'request' | 'close'> & { detachedForMs: () => number | undefined },
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
    get detachedForMs(): number | undefined {
      return detachedForMs();
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
