/**
 * The HTTP side of the proxy: node:http reads the requests, this file sees to what concerns a connection as a whole
 * (credentials, one request at a time, how long it may stay idle) and hands each request to CONNECT, Upgrade or plain
 * forwarding.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { runInBackground, type Timer } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import { resetSocket } from '../net/index.ts';
import type { ProxyContext } from './context.ts';
import { findBasicCredentials } from './credentials.ts';
import { serveConnect } from './http-connect.ts';
import { failResponse, formatFailure } from './http-failure.ts';
import { forwardRequest } from './http-forward.ts';
import { formatHeadWithoutUpgrade, isUpgradeIgnored, serveUpgrade } from './http-upgrade.ts';
import { idleTimeoutMs, maximumHeadBytes, maximumPipelinedRequests } from './limits.ts';
import { closeAfter } from './tunnel.ts';

interface HttpConnection {
  /** Ends the connection when no request comes. */
  deadline: Timer;
  /** Requests without a complete response. */
  requestCount: number;
  /** Resolves when the response to the latest request is over. */
  latest: Promise<void>;
}

export class HttpProxy {
  readonly #context: ProxyContext;
  /** Never listens: it gets its connections from {@link HttpProxy.serve}. */
  readonly #server: Server;
  readonly #connections = new WeakMap<Socket, HttpConnection>();

  constructor(context: ProxyContext) {
    this.#context = context;
    // Times are ours (see HttpConnection.deadline): node:http watches them only for servers that listen.
    this.#server = createServer({ maxHeaderSize: maximumHeadBytes, keepAliveTimeout: 0 });
    // 0: no limit. Node would drop fields beyond it silently; maximumHeadBytes bounds them.
    this.#server.maxHeadersCount = 0;
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      this.#onRequest(request, response);
    };
    this.#server.on('request', onRequest);
    // Whether the target wants the content is for the target to say; without these node:http would.
    this.#server.on('checkContinue', onRequest);
    this.#server.on('checkExpectation', onRequest);
    this.#server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
      this.#onTakeOver(request, client, () => serveConnect(request, client, head, context));
    });
    this.#server.on('upgrade', (request: IncomingMessage, client: Socket, head: Buffer) => {
      if (isUpgradeIgnored(request)) this.#onReadAgain(request, client, head);
      else this.#onTakeOver(request, client, () => serveUpgrade(request, client, head, context));
    });
  }

  /**
   * Serves `client`, whose first bytes are still unread, to its end.
   *
   * @param deadline resets the client; cancelled when the first request is there
   */
  serve(client: Socket, deadline: Timer): void {
    const connection = { deadline, requestCount: 0, latest: Promise.resolve() };
    this.#connections.set(client, connection);
    client.once('close', () => connection.deadline.cancel());
    this.#server.emit('connection', client);
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const client = request.socket;
    const connection = this.#connections.get(client);
    if (connection === undefined || connection.requestCount >= maximumPipelinedRequests) {
      resetSocket(client);
      return;
    }
    connection.deadline.cancel();
    connection.requestCount += 1;
    const previous = connection.latest;
    connection.latest = new Promise((resolve) => {
      response.once('close', () => {
        connection.requestCount -= 1;
        if (connection.requestCount === 0 && !client.destroyed) this.#startIdleTimer(client, connection);
        resolve();
      });
    });
    const served = previous.then(() => this.#answer(request, response));
    runInBackground('Proxying a request', served, this.#context.logger);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.socket.destroyed) return;
    if (this.#isAuthorized(request)) await forwardRequest(request, response, this.#context);
    else failResponse(response, createError('PROXY_AUTHENTICATION_FAILED', {}));
  }

  /** A request after which the connection is no longer HTTP. */
  #onTakeOver(request: IncomingMessage, client: Socket, serve: () => Promise<void>): void {
    if (this.#isBusy(client)) return;
    const { clock, logger } = this.#context;
    if (this.#isAuthorized(request)) runInBackground('Proxying a connection', serve(), logger);
    else closeAfter(client, formatFailure(createError('PROXY_AUTHENTICATION_FAILED', {})), clock);
  }

  /** A request whose upgrade is ignored: node:http has let go of the connection, and gets it back with the request. */
  #onReadAgain(request: IncomingMessage, client: Socket, head: Buffer): void {
    if (this.#isBusy(client)) return;
    client.unshift(Buffer.concat([formatHeadWithoutUpgrade(request), head]));
    this.#server.emit('connection', client);
  }

  /**
   * Stops waiting for a request of `client`, and resets it when a response to another one is still on its way: node:http
   * has let go of the connection and would not finish it. Clients wait; who does not may be after something.
   */
  #isBusy(client: Socket): boolean {
    const connection = this.#connections.get(client);
    connection?.deadline.cancel();
    if (connection?.requestCount === 0) return false;
    resetSocket(client);
    return true;
  }

  #isAuthorized(request: IncomingMessage): boolean {
    const { authenticate } = this.#context;
    if (authenticate === undefined) return true;
    const given = findBasicCredentials(request.headers['proxy-authorization']);
    return given !== undefined && authenticate(given.username, given.password);
  }

  #startIdleTimer(client: Socket, connection: HttpConnection): void {
    connection.deadline = this.#context.clock.after(idleTimeoutMs, () => client.destroy());
  }
}
