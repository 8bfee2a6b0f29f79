/** The streaming subresources of pods: finds the container, and hands the stream to the node. */
import { pipeline } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { KubeletApi, LogOptions } from '../../node/index.ts';
import { badRequest, mapIn, mapsIn, refusal, textOf, type KubeObject } from '../../store/index.ts';
import type { ResourceRequest } from '../http/request-info.ts';
import type { Registry } from '../registry.ts';
import { execProtocols, serveProcess } from './exec.ts';
import { channelProtocol, serveChannels, serveTunnel, tunnelProtocol } from './port-forward.ts';

/** Bytes of one message from a client. */
export const maximumMessageBytes: number = 1024 * 1024;

/** Ports of one WebSocket. */
const maximumPorts = 64;

export class PodStreams {
  readonly #registry: Registry;
  readonly #kubelet: () => KubeletApi;
  readonly #sockets: WebSocketServer;

  constructor(registry: Registry, kubelet: () => KubeletApi) {
    this.#registry = registry;
    this.#kubelet = kubelet;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: maximumMessageBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => known.map(alias).find((protocol) => offered.has(protocol)) ?? false,
    });
    this.#sockets.on('headers', (headers) => {
      headers.forEach(
        (line, index) => (headers[index] = line.replace(alias(tunnelProtocol), tunnelProtocol)),
      );
    });
  }

  /** Cuts all streams. */
  close(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
  }

  /** @throws {ApiError} */
  async logs(request: ResourceRequest, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const pod = this.#pod(request);
    const leaving = new AbortController();
    response.once('close', () => leaving.abort());
    const place = { ...placeOf(pod), container: chooseContainer(pod, query) };
    const output = await this.#kubelet().logs(place, logOptions(query), leaving.signal);
    response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
    pipeline(output, response, () => undefined);
  }

  /** Takes over a connection that wants to be a stream. @throws {ApiError} while it can still be answered */
  upgrade(
    info: ResourceRequest,
    query: URLSearchParams,
    connection: { request: IncomingMessage; socket: Duplex; head: Buffer },
  ): void {
    const { request, socket, head } = connection;
    const pod = this.#pod(info);
    const serve = this.#server(info, query, pod);
    if ((request.headers.upgrade ?? '').toLowerCase() !== 'websocket')
      throw refusal(400, 'BadRequest', 'the sandbox streams over WebSocket only: see docs/SANDBOX.md');
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim());
    if (!offered.some((protocol) => known.includes(protocol)))
      throw badRequest(`unable to negotiate the protocol: client supports [${offered.join(' ')}]`);
    request.headers['sec-websocket-protocol'] = offered.map(alias).join(', ');
    this.#sockets.handleUpgrade(request, socket, head, serve);
  }

  #server(info: ResourceRequest, query: URLSearchParams, pod: KubeObject): (socket: WebSocket) => void {
    const kubelet = this.#kubelet();
    const place = placeOf(pod);
    if (info.subresource?.name === 'portforward') {
      const ports = query
        .getAll('ports')
        .flatMap((text) => text.split(','))
        .map(Number);
      if (
        ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535) ||
        ports.length > maximumPorts
      )
        throw badRequest('query parameter "ports" is not a list of ports');
      return (socket) => {
        if (socket.protocol === alias(tunnelProtocol)) void serveTunnel(kubelet, socket, place);
        else serveChannels(kubelet, socket, place, ports);
      };
    }
    const flag = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
    const command = query.getAll('command');
    const attach = info.subresource?.name === 'attach';
    if (!attach && command.length === 0)
      throw badRequest('you must specify at least 1 command for the container');
    const request = {
      ...place,
      container: chooseContainer(pod, query),
      ...(attach ? {} : { command }),
      stdin: flag('stdin'),
      stdout: flag('stdout'),
      stderr: flag('stderr'),
      tty: flag('tty'),
    };
    return (socket) => void serveProcess(kubelet, socket, request);
  }

  #pod({ definition, namespace, name = '' }: ResourceRequest): KubeObject {
    return this.#registry.read(definition, { namespace, name });
  }
}

const known: readonly string[] = [...execProtocols, tunnelProtocol, channelProtocol];

/** `ws` holds to RFC 6455, which has no slash in the name of a protocol; Kubernetes has. */
function alias(protocol: string): string {
  return protocol.replace('/', '!');
}

function placeOf({ metadata }: KubeObject): { namespace: string; pod: string } {
  return { namespace: metadata.namespace ?? '', pod: metadata.name ?? '' };
}

/** The only container, or the one that the client names. */
function chooseContainer(pod: KubeObject, query: URLSearchParams): string {
  const spec = mapIn({ ...pod }, 'spec');
  const names = (list: string): string[] => mapsIn(spec, list).map((container) => textOf(container['name']));
  const wanted = query.get('container') ?? '';
  const main = names('containers');
  const name = pod.metadata.name ?? '';
  if (wanted === '') {
    if (main.length === 1) return main[0] ?? '';
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${main.join(' ')}]`,
    );
  }
  if (![...main, ...names('initContainers'), ...names('ephemeralContainers')].includes(wanted))
    throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  return wanted;
}

function logOptions(query: URLSearchParams): LogOptions {
  const flag = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
  const number = (name: string): number | undefined =>
    query.has(name) ? Number(query.get(name)) : undefined;
  const [tailLines, limitBytes, seconds] = [
    number('tailLines'),
    number('limitBytes'),
    number('sinceSeconds'),
  ];
  const sinceTime = query.get('sinceTime');
  const sinceMs =
    sinceTime !== null
      ? Date.parse(sinceTime)
      : seconds === undefined
        ? undefined
        : Date.now() - seconds * 1_000;
  return {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  };
}
