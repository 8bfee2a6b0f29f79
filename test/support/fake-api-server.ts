/**
 * An API server as far as src/kube can tell: HTTP or TLS on loopback, answers given by the test, port-forwards handed
 * to the test as WebSockets. It records every request.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer, type WebSocket } from 'ws';
import { createAuthority, issueLeaf, type Authority } from '../../src/pki/index.ts';

/** The only name in the certificate of the fake: kubeconfigs need `tls-server-name`. */
export const fakeServerName = 'kubernetes.test';

export interface FakeRequest {
  method: string;
  /** With the query. */
  url: URL;
  headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined without a body. */
  body: unknown;
  /** Common name of the client's certificate. */
  clientName: string | undefined;
}

export interface FakeAnswer {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, a string as it is. */
  body?: unknown;
  /** Writes the answer by itself instead. */
  write?: (response: ServerResponse) => void;
}

export interface FakeApiServer {
  readonly port: number;
  readonly requests: readonly FakeRequest[];
  /** PEM of the authority of its certificate; undefined without TLS. */
  readonly authority: Authority | undefined;
  /** Connections that are open now. */
  readonly connections: ReadonlySet<Socket>;
}

export interface FakeApiServerOptions {
  tls?: boolean;
  answer?: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;
  /** Takes port-forwards; without it they are answered like other requests. */
  onPortForward?: (webSocket: WebSocket, request: FakeRequest) => void;
}

/** Starts it; it ends with the test. */
export async function startFakeApiServer(
  t: TestContext,
  options: FakeApiServerOptions = {},
): Promise<FakeApiServer> {
  const { answer = (): FakeAnswer => ({}), onPortForward } = options;
  const authority = options.tls === true ? await testAuthority() : undefined;
  const requests: FakeRequest[] = [];
  const connections = new Set<Socket>();

  const respond = (message: IncomingMessage, response: ServerResponse): void => {
    void readRequest(message).then(async (request) => {
      requests.push(request);
      const { status = 200, headers = {}, body = {}, write } = await answer(request);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      if (write !== undefined) write(response);
      else response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  };
  const server =
    authority === undefined
      ? createHttpServer(respond)
      : createHttpsServer(await tlsOptions(authority), respond);
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  if (onPortForward !== undefined) {
    const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
      webSockets.handleUpgrade(message, socket, head, (webSocket) => {
        const request = describe(message, undefined);
        requests.push(request);
        onPortForward(webSocket, request);
      });
    });
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of connections) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, requests, authority, connections };
}

/** A Status as Kubernetes sends it with a failure. */
export function statusAnswer(code: number, reason: string, message: string = reason): FakeAnswer {
  return {
    status: code,
    body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message },
  };
}

/** Made once per process: keys are slow. */
let authorityOnce: Promise<Authority> | undefined;

function testAuthority(): Promise<Authority> {
  authorityOnce ??= createAuthority({ commonName: 'fake cluster', nowMs: Date.now() });
  return authorityOnce;
}

async function tlsOptions(authority: Authority): Promise<object> {
  const leaf = await issueLeaf(authority, {
    usage: 'agent',
    commonName: fakeServerName,
    subjectAltNames: [fakeServerName],
    lifetimeMs: 3_600_000,
    nowMs: Date.now(),
  });
  const { certificate: cert, key } = leaf;
  // Like the real one: a client may present a certificate, and need not.
  return { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
}

async function readRequest(message: IncomingMessage): Promise<FakeRequest> {
  let text = '';
  for await (const chunk of message.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  return describe(message, text === '' ? undefined : JSON.parse(text));
}

function describe(message: IncomingMessage, body: unknown): FakeRequest {
  const socket = message.socket as Partial<TLSSocket>;
  const subject = socket.authorized === true ? socket.getPeerCertificate?.().subject : undefined;
  return {
    method: message.method ?? '',
    url: new URL(message.url ?? '', 'http://fake'),
    headers: message.headers,
    body,
    clientName: subject === undefined ? undefined : String(subject.CN),
  };
}
