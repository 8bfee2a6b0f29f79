/**
 * What the API server asks of the node: the streaming subresources of a pod. It is the kubelet's own API in Kubernetes.
 * Whoever asks has been authorized, and the pod is known to exist.
 */
import type { Duplex, Readable, Writable } from 'node:stream';

export interface ContainerReference {
  namespace: string;
  pod: string;
  /** A container, init container or ephemeral container. */
  container: string;
}

export interface LogOptions {
  follow: boolean;
  /** The container's run before this one. */
  previous: boolean;
  /** Prefixes each line with its RFC 3339 time with nanoseconds. */
  timestamps: boolean;
  tailLines?: number;
  limitBytes?: number;
  /** Milliseconds since the epoch: older lines are left out. */
  sinceMs?: number;
}

export interface ProcessStreams {
  stdin?: Readable;
  stdout?: Writable;
  /** Missing with a terminal: it has one stream for both. */
  stderr?: Writable;
  /** Each `resize` event of it changes the terminal. */
  terminal?: { onResize(listener: (columns: number, rows: number) => void): void };
}

export interface ExecRequest extends ContainerReference {
  command: readonly string[];
  tty: boolean;
}

export interface KubeletApi {
  /** @throws {ApiError} 400 when the container has not started yet, as Kubernetes words it. */
  logs(container: ContainerReference, options: LogOptions, signal: AbortSignal): Promise<Readable>;
  /** Resolves with the exit status when the process has ended and its output is written. The signal ends the process. */
  exec(request: ExecRequest, streams: ProcessStreams, signal: AbortSignal): Promise<{ exitCode: number }>;
  /** Joins the running container's streams. Resolves when the container has ended or the signal is aborted. */
  attach(
    container: ContainerReference & { tty: boolean },
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<void>;
  /** Connects to 127.0.0.1:port inside the pod's network. `allowHalfOpen` is true. Rejects with Node's error of the dial. */
  connect(pod: { namespace: string; pod: string }, port: number, signal: AbortSignal): Promise<Duplex>;
}
