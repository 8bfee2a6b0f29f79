import { createServer, type AddressInfo, type Socket } from 'node:net';
import { streamBufferBytes } from './limits.ts';
import { toListenError } from './node-errors.ts';
import { resetSocket } from './reset-socket.ts';

export interface ListenOptions {
  /** IP address or name to listen on. */
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** How many connections may be open; one more is reset at once. Default: no limit. */
  maximumConnections?: number;
  /**
   * Gets each connection: `allowHalfOpen: true`, `noDelay`, with an error listener already, so that a connection that
   * breaks before the handler looks at it cannot end the process.
   */
  onConnection: (socket: Socket) => void;
}

/** An open listening socket and the connections it accepted. */
export interface Listener extends AsyncDisposable {
  /** The IP address that it listens on. */
  readonly address: string;
  readonly port: number;
  /** How many accepted connections are open. */
  readonly connectionCount: number;
  /** Stops accepting; open connections stay. Idempotent. */
  stopAccepting(): void;
  /** Stops accepting, resets what is still open, and resolves when all of it is closed. Idempotent. */
  close(): Promise<void>;
}

/**
 * Listens for TCP connections.
 *
 * @throws {LOCAL_PORT_IN_USE} when somebody else listens there
 * @throws {LOCAL_LISTEN_FAILED} for every other reason
 */
export async function listen({
  host,
  port,
  maximumConnections = Infinity,
  onConnection,
}: ListenOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: streamBufferBytes });
  server.on('connection', (socket) => {
    socket.on('error', ignoreError);
    if (sockets.size >= maximumConnections) {
      resetSocket(socket);
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(toListenError(error, { host, port })));
    server.listen({ host, port }, resolve);
  });
  // An accept that fails (too many open files) is reported here; the next one may work again.
  server.removeAllListeners('error').on('error', ignoreError);

  const bound = server.address() as AddressInfo;
  const closed = new Promise<void>((resolve) => {
    server.once('close', resolve);
  });
  const stopAccepting = (): void => {
    if (server.listening) server.close();
  };
  const close = async (): Promise<void> => {
    stopAccepting();
    for (const socket of sockets) resetSocket(socket);
    await closed;
  };
  return {
    address: bound.address,
    port: bound.port,
    get connectionCount(): number {
      return sockets.size;
    },
    stopAccepting,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function ignoreError(): void {
  // The handler of the connection sees it too, in its own listener.
}
