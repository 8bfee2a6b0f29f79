/** One check of a probe, or one run of a lifecycle hook: an HTTP request, a connection, a command, a gRPC health check. */
import * as http from 'node:http';
import * as https from 'node:https';
import { connect } from 'node:net';
import type { V1HTTPGetAction, V1Probe } from '../../../kube/index.ts';
import { MAX_OUTPUT_BYTES } from '../limits.ts';
import { checkGrpc } from './grpc-check.ts';

export interface CheckResult {
  isSuccess: boolean;
  /** Why not, in the kubelet's words. */
  message: string;
}

/** Where checks go to. */
export interface CheckTarget {
  address: string;
  /** The number of a container's named port; undefined when there is none. */
  findPort(port: string | number): number | undefined;
  /** Runs a command in the container; the output is both streams, cut. */
  exec(command: readonly string[], signal: AbortSignal): Promise<{ exitCode: number; output: string }>;
}

export type Check = Pick<V1Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'>;

const MAX_REDIRECTS = 10;

/** Never rejects: what goes wrong is a failed check. Ends when the signal aborts, which is the time-out. */
export async function runCheck(check: Check, target: CheckTarget, signal: AbortSignal): Promise<CheckResult> {
  try {
    if (check.exec !== undefined) return await checkCommand(check.exec.command ?? [], target, signal);
    if (check.httpGet !== undefined) return await checkHttp(check.httpGet, target, signal);
    if (check.tcpSocket !== undefined) {
      await dial(check.tcpSocket.host ?? target.address, resolvePort(check.tcpSocket.port, target), signal);
      return { isSuccess: true, message: '' };
    }
    if (check.grpc !== undefined)
      return await checkGrpc(
        { address: target.address, port: check.grpc.port, service: check.grpc.service ?? '' },
        signal,
      );
    return { isSuccess: true, message: '' };
  } catch (error) {
    return { isSuccess: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function resolvePort(port: string | number, target: CheckTarget): number {
  const number = target.findPort(port);
  if (number === undefined) throw new Error(`couldn't find port: ${port}`);
  return number;
}

async function checkCommand(
  command: readonly string[],
  target: CheckTarget,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { exitCode, output } = await target.exec(command, signal);
  if (signal.aborted)
    return { isSuccess: false, message: `command timed out: ${JSON.stringify(command.join(' '))}` };
  return { isSuccess: exitCode === 0, message: output };
}

function dial(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', (error) =>
      reject(new Error(`dial tcp ${host}:${port}: ${toGoWords(error, signal)}`)),
    );
  });
}

/** Kubernetes is written in Go, and people search for its words. */
export function toGoWords(error: NodeJS.ErrnoException, signal: AbortSignal): string {
  if (signal.aborted) return 'i/o timeout';
  if (error.code === 'ECONNREFUSED') return 'connect: connection refused';
  if (error.code === 'ECONNRESET') return 'read: connection reset by peer';
  return error.message;
}

async function checkHttp(
  action: V1HTTPGetAction,
  target: CheckTarget,
  signal: AbortSignal,
): Promise<CheckResult> {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const host = action.host === undefined || action.host === '' ? target.address : action.host;
  const path = action.path === undefined || action.path === '' ? '/' : action.path;
  const first = new URL(
    `${scheme}://${host}:${resolvePort(action.port, target)}${path.startsWith('/') ? path : `/${path}`}`,
  );
  const headers: Record<string, string> = {
    'user-agent': 'kube-probe/1.32',
    accept: '*/*',
    connection: 'close',
  };
  for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  let url = first;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const { status, location, body } = await get(url, headers, signal);
    const next = location !== undefined && status >= 300 && status < 400 ? new URL(location, url) : undefined;
    // A redirect to another host is success with a warning: that host is not the pod.
    if (next?.hostname === first.hostname) {
      url = next;
      continue;
    }
    if (status >= 200 && status < 400) return { isSuccess: true, message: body };
    return { isSuccess: false, message: `HTTP probe failed with statuscode: ${status}` };
  }
  throw new Error(`Get "${first.href}": stopped after ${MAX_REDIRECTS} redirects`);
}

interface HttpAnswer {
  status: number;
  location: string | undefined;
  body: string;
}

function get(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? https.get : http.get;
    // As the kubelet does: a probe's certificate is not verified.
    const request = send(
      url,
      { headers, signal, agent: false, rejectUnauthorized: false } as https.RequestOptions,
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          if (body.length < MAX_OUTPUT_BYTES) body += text;
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, location: response.headers.location, body }),
        );
      },
    );
    request.on('error', (error) => {
      const words = signal.aborted
        ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        : `dial tcp ${url.host}: ${toGoWords(error, signal)}`;
      reject(new Error(`Get "${url.href}": ${words}`));
    });
  });
}
