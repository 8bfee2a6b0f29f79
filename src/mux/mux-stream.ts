/**
 * One stream of a session as a Node Duplex. It holds no protocol state: what it is told to write, end and forget goes to
 * its {@link StreamPort}, what arrives comes by `deliver*` and `settle*`, which only the session calls.
 *
 * Bytes that arrived wait in the Duplex's own read buffer. How many can be there is bounded by the receive window, not by
 * the high-water mark, so `push()`'s answer is ignored; what counts is what the application takes out of it.
 */
import { Duplex } from 'node:stream';
import { createError } from '../errors/index.ts';

/** The session as its streams see it. */
export interface StreamPort {
  write(streamId: number, chunks: readonly Buffer[]): void;
  end(streamId: number): void;
  /** The Duplex is destroyed; what the other end does not know yet it is to be told (RST). */
  forget(streamId: number): void;
  /** The application has read `sizeBytes`. */
  consume(streamId: number, sizeBytes: number): void;
}

type Callback = (error?: Error | null) => void;

/**
 * Bytes that the application may have written but not sent before `write()` returns false. Two batches of the carrier:
 * while one goes out, the next is ready.
 */
export const writeBufferBytes: number = 128 * 1024;

/**
 * A payload that has to wait for its reader is copied when it uses less than this part of the memory it is a view of:
 * a few bytes that nobody reads must not keep a whole chunk of the carrier (64 KiB) alive.
 */
const retainedShare = 1 / 4;
/** Chunks up to this size, in bytes, are not worth copying out of (Node's buffer pool is as large). */
const retainedBytes = 8 * 1024;

export class MuxStream extends Duplex {
  readonly #id: number;
  readonly #port: StreamPort;
  #onWritten: Callback | undefined;
  #onFinished: Callback | undefined;
  /** Bytes that arrived, less those reported as read. */
  #unreadBytes = 0;

  constructor(id: number, port: StreamPort) {
    super({ allowHalfOpen: true, writableHighWaterMark: writeBufferBytes });
    this.#id = id;
    this.#port = port;
  }

  /** Payload arrived; a view that stays valid. */
  deliver(bytes: Buffer): void {
    this.#unreadBytes += bytes.length;
    const isReadAtOnce = this.readableFlowing === true && this.readableLength === 0;
    this.push(isReadAtOnce ? bytes : compact(bytes));
    this.#reportRead();
  }

  /** The other end sends nothing more. */
  deliverEnd(): void {
    this.push(null);
  }

  /** The last write has been handed to the carrier. */
  settleWrite(): void {
    const callback = this.#onWritten;
    this.#onWritten = undefined;
    callback?.();
  }

  /** The FIN has been handed to the carrier. */
  settleEnd(): void {
    const callback = this.#onFinished;
    this.#onFinished = undefined;
    callback?.();
  }

  /**
   * Everything that takes bytes out of the read buffer comes through here: `data` events, pipes, iterators and callers.
   * `_read` would not do: Node skips it while it believes that a read is under way.
   */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    this.#reportRead();
    return chunk;
  }

  override _read(): void {
    // The other end decides when bytes come; its window says how many.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#onWritten = callback;
    this.#port.write(this.#id, [chunk]);
  }

  override _writev(items: { chunk: Buffer }[], callback: Callback): void {
    this.#onWritten = callback;
    const chunks = items.map((item) => item.chunk);
    this.#port.write(this.#id, chunks);
  }

  override _final(callback: Callback): void {
    this.#onFinished = callback;
    this.#port.end(this.#id);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#port.forget(this.#id);
    callback(error);
    const pending = this.#onWritten ?? this.#onFinished;
    if (pending === undefined) return;
    this.#onWritten = undefined;
    this.#onFinished = undefined;
    pending(error ?? createError('MUX_CLOSED', { reason: 'the stream was destroyed' }));
  }

  #reportRead(): void {
    const readBytes = this.#unreadBytes - this.readableLength;
    if (readBytes <= 0) return;
    this.#unreadBytes -= readBytes;
    this.#port.consume(this.#id, readBytes);
  }
}

/** Returns `bytes`, or a copy of them when they would keep much more memory alive than they need. */
function compact(bytes: Buffer): Buffer {
  const keptBytes = bytes.buffer.byteLength;
  return keptBytes > retainedBytes && bytes.length < keptBytes * retainedShare ? Buffer.from(bytes) : bytes;
}
