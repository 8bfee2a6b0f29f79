/**
 * The byte stream of one forwarded port: a Duplex over a WebSocket that speaks `v4.channel.k8s.io`. The messages are
 * decoded in `src/protocol/k8s-channel`; the WebSocket is opened in `port-forward.ts`.
 *
 * Half-close: the protocol has no message for it. When one direction ends at the pod, the kubelet closes the whole
 * connection after passing on what it has read; when our writer ends, so do we, and what the pod answers after that is
 * lost. TLS and the resume layer above end with messages of their own and do not need it.
 */
import { Duplex } from 'node:stream';
import { WebSocket, type RawData } from 'ws';
import { createDeferred, type Deferred } from '../core/index.ts';
import { createError } from '../errors/index.ts';
import {
  PortForwardDecoder,
  encodeDataMessages,
  type PortForwardEvent,
} from '../protocol/k8s-channel/index.ts';
import type { PortForwardTarget } from './kube-client.ts';

/**
 * Bytes that wait in each of three places: unread in the stream, unwritten in the stream, unsent in the WebSocket. Four
 * messages keep the connection busy while the process does something else; more would only add latency.
 */
export const bufferedBytes: number = 256 * 1024;

/** Close codes of a connection that was closed in order. @see RFC 6455 §7.4.1 */
const orderlyCloseCodes: readonly number[] = [1000, 1001, 1005];

export class PortForwardStream extends Duplex {
  readonly #webSocket: WebSocket;
  readonly #target: PortForwardTarget;
  readonly #decoder: PortForwardDecoder;
  readonly #opened: Deferred<void> = createDeferred();
  /** Continues writing when enough has been sent. */
  #resumeWriting: (() => void) | undefined;
  /** Continues `_final` when the connection is closed. */
  #whenClosed: (() => void) | undefined;

  /** Takes over `webSocket`, which is open and has not received anything yet. */
  constructor(webSocket: WebSocket, target: PortForwardTarget) {
    super({
      allowHalfOpen: false,
      readableHighWaterMark: bufferedBytes,
      writableHighWaterMark: bufferedBytes,
    });
    this.#webSocket = webSocket;
    this.#target = target;
    this.#decoder = new PortForwardDecoder([target.port]);
    // Whoever opens the stream waits for this; when it fails before, the stream's error says the same.
    this.#opened.promise.catch(() => undefined);
    webSocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    webSocket.on('error', (error) => this.destroy(this.#toError(error.message)));
    webSocket.on('close', (code) => this.#handleClose(code));
  }

  /** Resolves when the port is announced; rejects with what ended the stream before. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.destroyed) return;
    // With the binary type "nodebuffer", which is the default, a message is one Buffer.
    if (!isBinary) {
      this.destroy(createError('CHANNEL_PROTOCOL', { reason: 'text message' }));
      return;
    }
    try {
      for (const event of this.#decoder.receive(data as Buffer)) this.#handle(event);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #handle(event: PortForwardEvent): void {
    switch (event.kind) {
      case 'open':
        this.#opened.resolve();
        break;
      case 'data':
        if (!this.push(event.data)) this.#webSocket.pause();
        break;
      case 'error':
        this.destroy(createError('CHANNEL_REFUSED', { ...this.#target, reason: event.text }));
        break;
    }
  }

  #handleClose(code: number): void {
    this.#whenClosed?.();
    this.#whenClosed = undefined;
    if (this.destroyed) return;
    if (orderlyCloseCodes.includes(code)) {
      this.#opened.reject(this.#toError('closed before the port was announced'));
      this.push(null);
    } else {
      this.destroy(this.#toError(`the connection broke (WebSocket close code ${code})`));
    }
  }

  #toError(reason: string): Error {
    const { pod, port } = this.#target;
    return createError('NET_FAILED', { target: `port ${port} of pod "${pod}"`, reason });
  }

  override _read(): void {
    this.#webSocket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  #send(chunks: Buffer[], done: (error?: Error | null) => void): void {
    for (const message of encodeDataMessages(0, chunks)) this.#webSocket.send(message, this.#handleSent);
    if (this.#webSocket.bufferedAmount < bufferedBytes) done();
    else this.#resumeWriting = done;
  }

  readonly #handleSent = (error?: Error): void => {
    if (error instanceof Error) {
      this.destroy(this.#toError(error.message));
    } else if (this.#resumeWriting !== undefined && this.#webSocket.bufferedAmount < bufferedBytes) {
      const done = this.#resumeWriting;
      this.#resumeWriting = undefined;
      done();
    }
  };

  override _final(done: (error?: Error | null) => void): void {
    if (this.#webSocket.readyState === WebSocket.CLOSED) {
      done();
      return;
    }
    this.#whenClosed = done;
    // Sends what is queued first.
    this.#webSocket.close(1000);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#opened.reject(error ?? this.#toError('closed'));
    this.#resumeWriting = undefined;
    this.#webSocket.terminate();
    done(error);
  }
}
