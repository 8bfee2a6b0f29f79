/** Opens a port of a pod: WebSocket handshake with the API server, then the announcement of the port. */
import { addAbortListener } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, type ClientOptions } from 'ws';
import type { Clock } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import { maximumDataBytes, portForwardProtocol } from '../protocol/k8s-channel/index.ts';
import { encodeQuery, type ApiTransport } from './api-transport.ts';
import type { Connector } from './connector.ts';
import type { Identity } from './credentials.ts';
import { withDeadline } from './deadline.ts';
import type { PortForwardTarget } from './kube-client.ts';
import { fromAnswer, fromNetworkError, type Asked } from './kube-errors.ts';
import { paths } from './paths.ts';
import { PortForwardStream } from './port-forward-stream.ts';

/** Bytes of one message from the server. Kubelets send 32 KiB and the channel byte; other runtimes may send more. */
export const maximumMessageBytes: number = 16 * maximumDataBytes;

/** Time for the handshake and the announcement. The kubelet announces before it dials, so only the way there counts. */
export const openTimeoutMs = 30_000;

/** Time for the other end to answer our closing handshake. */
export const closeTimeoutMs = 5_000;

/** Bytes of an answer that refuses the WebSocket. */
const maximumRefusalBytes = 64 * 1024;

const webSocketOptions: ClientOptions & { closeTimeout: number } = {
  perMessageDeflate: false,
  maxPayload: maximumMessageBytes,
  closeTimeout: closeTimeoutMs,
};

/**
 * Masks with zeros, which is no work: half of the CPU time of a sending flow went into masking. The random key of
 * RFC 6455 §5.3 keeps scripts from writing chosen bytes to a proxy that reads along; within TLS nobody reads along.
 */
function useZeroMask(key: Buffer): void {
  key.fill(0);
}

export interface PortForwardOptions {
  server: URL;
  connector: Connector;
  transport: ApiTransport;
  clock: Clock;
}

/**
 * Opens `target`.
 * @throws KUBE_* when the API server refuses, CHANNEL_REFUSED or NET_FAILED when the kubelet does
 */
export function openPortForward(
  options: PortForwardOptions,
  target: PortForwardTarget,
  signal: AbortSignal,
): Promise<Duplex> {
  const { server, transport, clock } = options;
  const expired = (): Error => {
    const reason = `no port-forward within ${openTimeoutMs / 1000} s`;
    return createError('KUBE_UNREACHABLE', { server: server.origin, reason });
  };
  return withDeadline({ clock, timeoutMs: openTimeoutMs, signal, expired }, (limited) =>
    transport.withIdentity((identity) => open(options, target, identity, limited), limited),
  );
}

async function open(
  { server, connector }: PortForwardOptions,
  target: PortForwardTarget,
  identity: Identity,
  signal: AbortSignal,
): Promise<Duplex> {
  const path = paths.podSubresource(target.namespace, target.pod, 'portforward');
  const url = new URL(server);
  url.pathname = server.pathname.replace(/\/$/, '') + path;
  url.search = encodeQuery({ ports: target.port });
  const connection = await connector.connect(identity, { signal });
  const webSocket = new WebSocket(url, portForwardProtocol, {
    ...webSocketOptions,
    createConnection: () => connection,
    ...(server.protocol === 'https:' && { generateMask: useZeroMask }),
    // The types know single values only; Node sends a list as several fields.
    headers: identity.headers as Record<string, string>,
  });
  const abortListener = addAbortListener(signal, () => webSocket.terminate());
  try {
    const stream = await handshake(webSocket, target, { method: 'GET', path, server: server.origin });
    await stream.opened;
    // The refusal may have come in the same packet as the announcement, and its event be over.
    if (stream.errored !== null) throw stream.errored;
    return stream;
  } catch (error) {
    // `ws` leaves the connection open when the server answers something else than a WebSocket.
    connection.destroy();
    throw fromNetworkError(error, server.origin);
  } finally {
    abortListener[Symbol.dispose]();
  }
}

/**
 * Waits for the handshake's end. The stream is made within the event: the server's first messages may be in the same
 * packet, and would be lost by the time that an awaited promise continues.
 */
function handshake(
  webSocket: WebSocket,
  target: PortForwardTarget,
  asked: Asked,
): Promise<PortForwardStream> {
  return new Promise((resolve, reject) => {
    webSocket.on('error', reject);
    webSocket.on('open', () => {
      const stream = new PortForwardStream(webSocket, target);
      // An error before the caller listens must not end the process; `close` and `errored` tell them.
      stream.on('error', () => undefined);
      resolve(stream);
    });
    webSocket.on('unexpected-response', (_request, response) => {
      readRefusal(response)
        .then((body) => reject(fromAnswer(response.statusCode ?? 0, body, asked)))
        .catch(reject);
    });
  });
}

async function readRefusal(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    body += chunk;
    if (body.length > maximumRefusalBytes) break;
  }
  return body;
}
