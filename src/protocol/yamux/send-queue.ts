/**
 * Decides what goes out next. Nothing is encoded before the carrier has room for it, so bytes wait in the streams that
 * wrote them and not in a queue of their own:
 *
 *   1. control frames: pings, resets, go away;
 *   2. window updates: the other end may be waiting for them;
 *   3. streams with something to send, in turn, one frame of at most {@link maximumPayloadBytes} each, so that a bulk
 *      transfer delays a small request by one frame per busy stream at most.
 */
import {
  encodeHeader,
  frameFlags,
  frameTypes,
  headerSizeBytes,
  violation,
  type FrameHeader,
} from './frame.ts';
import { canSend, type YamuxStream } from './stream.ts';

/**
 * The largest payload of a data frame that we send, in bytes. With its header the frame fills one TLS record (16 KiB, RFC
 * 8446 §5.1), so that the other end gets it in one piece. Larger frames measured no faster, and make others wait longer.
 */
export const maximumPayloadBytes: number = 16 * 1024 - headerSizeBytes;

/**
 * Answers that may wait for the carrier. The other end can make us owe it frames (responses to pings, resets of streams
 * it opens) without reading any; the largest honest burst is one reset per open stream. Beyond this it is a violation.
 */
export const maximumWaitingAnswers: number = 32 * 1024;

/** Up to here a payload is copied behind its header: cheaper for the carrier than one more buffer. */
const copiedPayloadBytes = 2 * 1024;

/** What {@link SendQueue.take} collects. */
export interface SendSink {
  /** Receives the bytes of a frame, in order. */
  readonly chunks: Buffer[];
  /** The stream has no unsent bytes left. */
  written(stream: YamuxStream): void;
  /** The FIN of the stream is among the chunks. */
  finished(stream: YamuxStream): void;
}

export class SendQueue {
  #control: Buffer[] = [];
  readonly #updates = new Set<YamuxStream>();
  /** Streams that can send, the next one first. A Set keeps insertion order: leaving and entering again is "next turn". */
  readonly #turns = new Set<YamuxStream>();

  get isEmpty(): boolean {
    return this.#turns.size === 0 && this.#updates.size === 0 && this.#control.length === 0;
  }

  /** Queues a control frame of our own accord; the caller sees to it that these are few. */
  addControl(header: FrameHeader): void {
    this.#control.push(encodeHeader(header));
  }

  /** Queues a control frame that the other end made us owe it. @throws {MUX_PROTOCOL} when too many wait. */
  addAnswer(header: FrameHeader): void {
    if (this.#control.length >= maximumWaitingAnswers)
      violation('it asks for answers and does not read them');
    this.addControl(header);
  }

  addUpdate(stream: YamuxStream): void {
    this.#updates.add(stream);
  }

  /** Gives `stream` a turn if it can use one. Call it whenever that may have changed. */
  schedule(stream: YamuxStream): void {
    if (canSend(stream)) this.#turns.add(stream);
  }

  remove(stream: YamuxStream): void {
    this.#updates.delete(stream);
    this.#turns.delete(stream);
  }

  /** Drops everything that waits. */
  clear(): void {
    this.#control = [];
    this.#updates.clear();
    this.#turns.clear();
  }

  /** Moves frames to `sink` until there are none or `maximumBytes` is reached; the last frame may exceed it. */
  take(maximumBytes: number, sink: SendSink): void {
    let remainingBytes = maximumBytes - this.#takeControl(sink);
    for (const stream of this.#updates) {
      if (remainingBytes <= 0) return;
      remainingBytes -= this.#takeUpdate(stream, sink, 0);
    }
    // Iteration goes on to streams that enter again, so this ends when nobody can send or the bytes are used up.
    for (const stream of this.#turns) {
      if (remainingBytes <= 0) return;
      this.#turns.delete(stream);
      // Its opening flag may have gone out with a window update just now.
      if (canSend(stream)) remainingBytes -= this.#takeTurn(stream, sink);
      this.schedule(stream);
    }
  }

  #takeControl(sink: SendSink): number {
    if (this.#control.length === 0) return 0;
    const frames = Buffer.concat(this.#control);
    this.#control = [];
    sink.chunks.push(frames);
    return frames.length;
  }

  /** One frame of `stream`; returns its size. */
  #takeTurn(stream: YamuxStream, sink: SendSink): number {
    const payloadBytes = Math.min(stream.unsent.sizeBytes, stream.sendWindowBytes, maximumPayloadBytes);
    const isLast = payloadBytes === stream.unsent.sizeBytes;
    const isFinal = isLast && stream.sending === 'ending';
    const flags = stream.openingFlag | (isFinal ? frameFlags.fin : 0);
    stream.openingFlag = 0;
    const sizeBytes =
      payloadBytes > 0
        ? takeData(stream, { payloadBytes, flags, chunks: sink.chunks })
        : this.#takeUpdate(stream, sink, flags);
    if (payloadBytes > 0 && isLast) sink.written(stream);
    if (isFinal) {
      stream.sending = 'ended';
      sink.finished(stream);
    }
    return sizeBytes;
  }

  #takeUpdate(stream: YamuxStream, sink: SendSink, flags: number): number {
    this.#updates.delete(stream);
    const header = encodeHeader({
      type: frameTypes.windowUpdate,
      flags: flags | stream.openingFlag,
      streamId: stream.id,
      length: stream.receiving === 'open' ? stream.receiveWindow.grant() : 0,
    });
    stream.openingFlag = 0;
    sink.chunks.push(header);
    return header.length;
  }
}

interface DataFrameOptions {
  readonly payloadBytes: number;
  readonly flags: number;
  readonly chunks: Buffer[];
}

/** Encodes `payloadBytes` of what `stream` has unsent; returns the size of the frame. */
function takeData(stream: YamuxStream, { payloadBytes, flags, chunks }: DataFrameOptions): number {
  stream.sendWindowBytes -= payloadBytes;
  const isCopied = payloadBytes <= copiedPayloadBytes;
  const head = encodeHeader(
    { type: frameTypes.data, flags, streamId: stream.id, length: payloadBytes },
    isCopied ? payloadBytes : 0,
  );
  chunks.push(head);
  for (let takenBytes = 0; takenBytes < payloadBytes;) {
    const part = stream.unsent.readUpTo(payloadBytes - takenBytes) as Buffer;
    if (isCopied) part.copy(head, headerSizeBytes + takenBytes);
    else chunks.push(part);
    takenBytes += part.length;
  }
  return headerSizeBytes + payloadBytes;
}
