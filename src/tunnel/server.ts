/**
 * The agent's end of a tunnel, from an authenticated TLS connection upwards: serves the client's streams and opens
 * streams for intercepted connections (docs/PROTOCOL.md).
 */
import type { Duplex } from 'node:stream';
import {
  TUNNEL_VERSIONS,
  clientHeaderSchema,
  emptyReplySchema,
  type AgentDescription,
  type ClientDescription,
  type ClientHeader,
  type ControlAccepted,
  type ControlEvent,
  type ControlRequest,
  type InterceptedHeader,
} from '../contract/index.ts';
import { createDeferred, runInBackground, type Clock, type Logger } from '../core/index.ts';
import { createError, raise } from '../errors/index.ts';
import { createMuxSession, type MuxSession } from '../mux/index.ts';
import {
  createStreamAssociation,
  relay,
  relayDatagrams,
  type DatagramDialer,
  type Dialer,
} from '../net/index.ts';
import { createControlChannel, endWithControl, type ControlChannel } from './control-channel.ts';
import { readMessage, readReply, refuse, writeMessage } from './messages.ts';
import { ResumableStream, endWithCarrier } from './resumable-stream.ts';

/** A client sends its header with the first bytes of a stream; TCP retransmissions are all it may wait for. */
const HEADER_TIMEOUT_MS = 10_000;

export interface TunnelServerOptions {
  /** An authenticated TLS connection, or a resumable session over such; owned from now on. */
  socket: Duplex;
  agent: AgentDescription;
  dialer: Dialer;
  datagramDialer: DatagramDialer;
  lookup: (name: string, scope: 'cluster' | 'any', options: { signal: AbortSignal }) => Promise<string[]>;
  onRequest: (session: AgentSession, request: ControlRequest) => Promise<object>;
  clock: Clock;
  logger: Logger;
}

/** One client: for as long as its carrier lives, or with the resume layer until that gives it up. */
export interface AgentSession {
  readonly client: ClientDescription;
  /** There is no carrier at the moment: open connections wait, new ones are refused. */
  readonly isSuspended: boolean;
  /**
   * Asks the client to take a connection.
   * @throws the client's refusal (the local process is down, say), MUX_CLOSED, TUNNEL_LOST as soon as the carrier is lost,
   *   or `signal.reason`
   */
  openIntercepted(header: InterceptedHeader, options: { signal: AbortSignal }): Promise<Duplex>;
  /** Dropped while the session is suspended. */
  notify(event: ControlEvent): void;
  /** Lets open streams finish within the multiplexer's deadline; without a carrier they are reset at once. */
  close(): Promise<void>;
  /** Resolves when the session has ended. Never rejects. */
  readonly closed: Promise<Error | undefined>;
}

/** Resolves once the client has introduced itself. @throws {TUNNEL_VERSION_MISMATCH} {TUNNEL_PROTOCOL} {TUNNEL_LOST} */
export async function acceptTunnel(options: TunnelServerOptions): Promise<AgentSession> {
  const lifetime = new AbortController();
  const introduced = createDeferred<{ stream: Duplex; client: ClientDescription; version: number }>();
  const resumable = options.socket instanceof ResumableStream ? options.socket : undefined;
  const mux = createMuxSession({
    carrier: options.socket,
    role: 'server',
    ...(resumable === undefined ? {} : { limits: { silenceMs: Infinity } }),
    onStream: (stream) => {
      // Each stream has a reader or a relay later on; until then an early reset must not end the process.
      stream.on('error', () => undefined);
      runInBackground('tunnel stream', receive(stream), options.logger);
    },
    clock: options.clock,
    logger: options.logger,
  });
  void mux.closed.then((reason) => {
    lifetime.abort(reason ?? createError('TUNNEL_LOST', { reason: 'the client closed it' }));
    introduced.reject(createError('TUNNEL_LOST', { reason: reason?.message ?? 'the client closed it' }));
  });
  let isIntroduced = false;

  async function receive(stream: Duplex): Promise<void> {
    const signal = AbortSignal.any([lifetime.signal, AbortSignal.timeout(HEADER_TIMEOUT_MS)]);
    try {
      const header = await readMessage(stream, clientHeaderSchema, { signal });
      if (header.kind === 'control') {
        if (isIntroduced) raise('TUNNEL_PROTOCOL', { reason: 'a second control stream' });
        const version = chooseVersion(header.versions);
        isIntroduced = true;
        introduced.resolve({ stream, client: header.client, version });
      } else {
        if (!isIntroduced)
          raise('TUNNEL_PROTOCOL', { reason: `a ${header.kind} stream before the control stream` });
        await serveStream(stream, header, options, lifetime.signal);
      }
    } catch (error) {
      refuse(stream, error);
    }
  }

  const { stream, client, version } = await introduced.promise;
  // The channel exists before the client hears that it may use it.
  const control: ControlChannel = createControlChannel({
    stream,
    onRequest: (request) => options.onRequest(session, request),
  });
  void control.closed.then((reason) => endWithControl(mux, reason));
  const session = sessionOver(mux, resumable, client, control, async () => {
    endWithCarrier(mux, resumable);
    // Both ends would wait for the control stream as for any other.
    stream.end();
    await mux.close();
  });
  writeMessage(stream, {
    ok: true,
    version,
    agent: options.agent,
  } satisfies { ok: true } & ControlAccepted);
  return session;
}

/** The newest version that both ends speak. @throws TUNNEL_VERSION_MISMATCH */
function chooseVersion(theirs: readonly number[]): number {
  const common = TUNNEL_VERSIONS.find((version) => theirs.includes(version));
  // Worded for the reader of the reply, who is the client.
  return (
    common ??
    raise('TUNNEL_VERSION_MISMATCH', { ours: theirs.join(', '), theirs: TUNNEL_VERSIONS.join(', ') })
  );
}

function sessionOver(
  mux: MuxSession,
  resumable: ResumableStream | undefined,
  client: ClientDescription,
  control: ControlChannel,
  close: () => Promise<void>,
): AgentSession {
  return {
    client,
    get isSuspended(): boolean {
      return resumable?.isAttached === false;
    },
    async openIntercepted(header, options): Promise<Duplex> {
      const signal =
        resumable === undefined ? options.signal : AbortSignal.any([options.signal, resumable.detached]);
      signal.throwIfAborted();
      const stream = mux.openStream();
      stream.on('error', () => undefined);
      try {
        writeMessage(stream, header);
        await readReply(stream, emptyReplySchema, { signal });
        return stream;
      } catch (error) {
        stream.destroy();
        throw error;
      }
    },
    notify: (event): void => {
      // Old news by the time there is a carrier again, and there would be no end to what waits.
      if (resumable?.isAttached !== false) control.notify(event);
    },
    close,
    closed: mux.closed,
  };
}

async function serveStream(
  stream: Duplex,
  header: Exclude<ClientHeader, { kind: 'control' }>,
  { dialer, datagramDialer, lookup }: TunnelServerOptions,
  lifetime: AbortSignal,
): Promise<void> {
  // A client that gives up resets its stream: then the dial is of no use either.
  const abandoned = new AbortController();
  const onClose = (): void => {
    abandoned.abort(createError('TUNNEL_LOST', { reason: 'the client gave up' }));
  };
  stream.once('close', onClose);
  const signal = AbortSignal.any([lifetime, abandoned.signal]);
  switch (header.kind) {
    case 'dial': {
      const connection = await dialer.dial(header, { signal });
      stream.off('close', onClose);
      writeMessage(stream, { ok: true, address: `${header.host}:${header.port}` });
      await relay(stream, connection, { signal: lifetime });
      return;
    }
    case 'associate': {
      const association = await datagramDialer.associate(header, { signal });
      stream.off('close', onClose);
      writeMessage(stream, { ok: true, address: `${header.host}:${header.port}` });
      await relayDatagrams(createStreamAssociation(stream), association, { signal: lifetime });
      return;
    }
    case 'lookup': {
      const addresses = await lookup(header.name, header.scope, { signal });
      writeMessage(stream, { ok: true, addresses });
      stream.end();
      stream.resume();
    }
  }
}
