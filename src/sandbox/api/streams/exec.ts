/** `exec` and `attach` over a WebSocket: stdin, stdout, stderr, the result, and the terminal's size. */
import { PassThrough } from 'node:stream';
import type { WebSocket } from 'ws';
import type { KubeletApi, ProcessStreams } from '../../node/index.ts';
import type { JsonMap } from '../../store/index.ts';
import { toRefusal } from '../http/answer.ts';
import { channelWriter, receiveChannels, receiveInto, type ChannelReceiver } from './channels.ts';

export const execProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

const channels = { stdin: 0, stdout: 1, stderr: 2, result: 3, resize: 4, close: 255 } as const;

export interface ProcessRequest {
  namespace: string;
  pod: string;
  container: string;
  /** Missing: attach to what runs. */
  command?: readonly string[];
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** Serves the process until it ends or the client goes. */
export async function serveProcess(
  kubelet: KubeletApi,
  socket: WebSocket,
  request: ProcessRequest,
): Promise<void> {
  const leaving = new AbortController();
  socket.once('close', () => leaving.abort());
  socket.on('error', () => leaving.abort());
  const receivers = new Map<number, ChannelReceiver>();
  const streams: ProcessStreams = {};
  const stdout = channelWriter(socket, channels.stdout);
  const stderr = channelWriter(socket, channels.stderr);
  // A client that goes is told by `leaving`.
  stdout.on('error', () => undefined);
  stderr.on('error', () => undefined);
  if (request.stdin) {
    const stdin = new PassThrough();
    streams.stdin = stdin;
    receivers.set(channels.stdin, receiveInto(socket, stdin));
    receivers.set(channels.close, ([channel]) => {
      if (channel === channels.stdin) stdin.end();
    });
    socket.once('close', () => stdin.end());
  }
  if (request.stdout) streams.stdout = stdout;
  if (request.stderr && !request.tty) streams.stderr = stderr;
  if (request.tty) streams.terminal = terminal(receivers);
  receiveChannels(socket, receivers);
  const result = await run(kubelet, request, streams, leaving.signal);
  if (socket.readyState !== socket.OPEN) return;
  socket.send(Buffer.concat([Buffer.from([channels.result]), Buffer.from(JSON.stringify(result))]));
  socket.close(1000);
}

async function run(
  kubelet: KubeletApi,
  request: ProcessRequest,
  streams: ProcessStreams,
  signal: AbortSignal,
): Promise<JsonMap> {
  try {
    if (request.command === undefined) await kubelet.attach(request, streams, signal);
    else {
      const { exitCode } = await kubelet.exec({ ...request, command: request.command }, streams, signal);
      if (exitCode !== 0) return nonZero(exitCode);
    }
    return { metadata: {}, status: 'Success' };
  } catch (error) {
    return { ...toRefusal(error).status };
  }
}

function nonZero(exitCode: number): JsonMap {
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${String(exitCode)}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

function terminal(receivers: Map<number, ChannelReceiver>): NonNullable<ProcessStreams['terminal']> {
  let listener: ((columns: number, rows: number) => void) | undefined;
  let last: [number, number] | undefined;
  receivers.set(channels.resize, (data) => {
    const size = readSize(data);
    if (size === undefined) return;
    last = size;
    listener?.(...size);
  });
  return {
    onResize(next): void {
      listener = next;
      if (last !== undefined) next(...last);
    },
  };
}

function readSize(data: Buffer): [number, number] | undefined {
  try {
    const { Width, Height } = JSON.parse(data.toString()) as { Width?: unknown; Height?: unknown };
    return typeof Width === 'number' && typeof Height === 'number' ? [Width, Height] : undefined;
  } catch {
    return undefined;
  }
}
