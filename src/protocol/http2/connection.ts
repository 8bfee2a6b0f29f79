/**
 * One end of an HTTP/2 connection as a gateway needs it: frames of the connection are answered here, those of streams are
 * handed on, header blocks as lists and content as it comes. It knows nothing of requests and responses; what follows what
 * in a message is for the ends to judge. Bytes in, calls out: agent/http2/transport.ts has the socket.
 *
 * Content of a stream waits here until the other end's windows and the socket take it, and `onSent` says when it has left
 * or was dropped: exactly once for each byte, so that whoever received it can be given credit again.
 *
 * Specification: RFC 9113 (June 2022). Server push is refused; priorities are read over (RFC 9113 §5.3.2).
 */
import {
  connectionPreface,
  encodeFrame,
  encodeFrameHeader,
  encodeHeaderFrames,
  encodeNumbers,
  encodeSettings,
  errorCodes,
  flags,
  frameTypes,
  settings,
  violation,
  withoutPadding,
  type ErrorName,
  type Frame,
} from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { HeaderBlocks, type HeaderBlock } from './header-blocks.ts';
import type { HeaderField } from './header-field.ts';
import type { HeldContent } from './held-content.ts';
import { emptyTable, encodeHeaderBlock } from './hpack-encoder.ts';
import {
  connectionWindowBytes,
  frameLimitBytes,
  headerListLimitBytes,
  streamLimit,
  streamWindowBytes,
} from './limits.ts';
import { PeerSettings } from './peer-settings.ts';
import { ReceiveWindow } from './receive-window.ts';
import { ResetBudget } from './reset-budget.ts';
import { Http2Stream } from './stream.ts';

/** RFC 9113 §6.9.2 and §6.9.1. */
const DEFAULT_WINDOW = 65_535;
const LARGEST_WINDOW = 2 ** 31 - 1;
const nothing = Buffer.alloc(0);

export interface Http2Events {
  /** Undefined fields: more than the limit. A stream that is new here: a request. */
  onHeaders(stream: Http2Stream, fields: HeaderField[] | undefined, isEnd: boolean): void;
  /** `content` is valid during the call, and counts against the window until {@link Http2Connection.credit}. */
  onContent(stream: Http2Stream, content: Buffer, isEnd: boolean): void;
  /** The other end gave it up; not told of what was closed by {@link Http2Connection.reset}. */
  onReset(stream: Http2Stream, code: number): void;
  onSent(stream: Http2Stream, sizeBytes: number): void;
  /** Both directions have ended, or ours has and the rest of the other one is unwanted. */
  onComplete(stream: Http2Stream): void;
  /** The other end starts, or answers, no more streams than it has. */
  onGoAway(code: number): void;
}

export interface Http2ConnectionOptions {
  role: 'client' | 'server';
  events: Http2Events;
  output: Http2Output;
  held: HeldContent;
  nowMs: () => number;
}

export interface Http2Output {
  /** Takes everything, at once. */
  write(bytes: Buffer): void;
  /** Content had better wait; {@link Http2Connection.flush} is called when it need not. */
  readonly isCongested: boolean;
}

export class Http2Connection {
  readonly #role: 'client' | 'server';
  readonly #events: Http2Events;
  readonly #output: Http2Output;
  readonly #held: HeldContent;
  readonly #nowMs: () => number;
  readonly #frames = new FrameReader();
  readonly #headerBlocks = new HeaderBlocks();
  readonly #resets: ResetBudget;
  readonly #peer = new PeerSettings();
  readonly #streams = new Map<number, Http2Stream>();
  /** Requests that have not been sent: the other end has not said hello, or has enough of them. */
  readonly #unstarted = new Set<Http2Stream>();
  /** Streams with content and room for it in their own window, in the order of their turns. */
  readonly #ready = new Set<Http2Stream>();
  readonly #receiveWindow = new ReceiveWindow(connectionWindowBytes);
  #sendWindow = DEFAULT_WINDOW;
  /** Received and not credited by the streams; and as much of it as the connection was not credited for either. */
  #heldBytes = 0;
  #uncreditedBytes = 0;
  #prefaceLeft: Buffer;
  #lastPeerId = 0;
  #nextId = 1;
  #isGoingAway = false;
  #isPeerGoingAway = false;
  #hasSentBlock = false;

  constructor({ role, events, output, held, nowMs }: Http2ConnectionOptions) {
    this.#role = role;
    this.#events = events;
    this.#output = output;
    this.#held = held;
    this.#nowMs = nowMs;
    this.#resets = new ResetBudget(nowMs());
    this.#prefaceLeft = role === 'server' ? connectionPreface : nothing;
  }

  /** The other end has sent its settings: it speaks HTTP/2. */
  get isConfirmed(): boolean {
    return this.#peer.isKnown;
  }

  get streamCount(): number {
    return this.#streams.size + this.#unstarted.size;
  }

  /** Neither end lets it take more requests. */
  get isGoingAway(): boolean {
    return this.#isGoingAway || this.#isPeerGoingAway;
  }

  /** Says hello. */
  open(): void {
    if (this.#role === 'client') this.#output.write(connectionPreface);
    this.#output.write(
      encodeSettings([
        ...(this.#role === 'client' ? [[settings.enablePush, 0] as const] : []),
        ...(this.#role === 'server' ? [[settings.maxConcurrentStreams, streamLimit] as const] : []),
        [settings.initialWindowSize, streamWindowBytes],
        [settings.maxHeaderListSize, headerListLimitBytes],
      ]),
    );
    this.#output.write(encodeNumbers(frameTypes.windowUpdate, 0, connectionWindowBytes - DEFAULT_WINDOW));
  }

  /**
   * Takes bytes of the other end, which must not change any more.
   * @throws {HTTP_PROTOCOL} and is of no use afterwards, but for {@link goAway} and {@link end}
   */
  receive(chunk: Buffer): void {
    const expected = this.#prefaceLeft.subarray(0, chunk.length);
    if (!chunk.subarray(0, expected.length).equals(expected))
      violation('PROTOCOL_ERROR', 'no connection preface');
    this.#prefaceLeft = this.#prefaceLeft.subarray(expected.length);
    this.#frames.push(chunk.subarray(expected.length));
    for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next())
      this.#receiveFrame(frame);
  }

  /** Sends a request as soon as it may be. `stream` is a new one, or of {@link takeUnstarted}. */
  request(stream: Http2Stream, head: readonly HeaderField[], isEnd: boolean): void {
    stream.head = head;
    if (isEnd) stream.isEnding = true;
    this.#unstarted.add(stream);
    this.#startRequests();
  }

  /** The requests that nothing was sent of; they may be made elsewhere. */
  takeUnstarted(): Http2Stream[] {
    const taken = [...this.#unstarted];
    this.#unstarted.clear();
    return taken;
  }

  /** A response (also an interim one) or trailers. */
  sendHeaders(stream: Http2Stream, fields: readonly HeaderField[], isEnd: boolean): void {
    if (stream.isClosed || stream.isEnding) return;
    stream.isEnding = isEnd;
    if (stream.id !== undefined && stream.waitingBytes === 0) this.#writeHeaders(stream, fields);
    else stream.trailers = fields;
  }

  sendContent(stream: Http2Stream, content: Buffer, isEnd: boolean): void {
    if (stream.isClosed || stream.isEnding) {
      this.#events.onSent(stream, content.length);
      return;
    }
    stream.isEnding = isEnd;
    if (content.length > 0) stream.enqueue(content);
    if (stream.id === undefined) return;
    this.#makeReady(stream);
    this.flush();
    this.#finishIfSent(stream);
  }

  /** Gives it up. What waits is dropped; unless it is all there and only the rest of the other direction is unwanted. */
  reset(stream: Http2Stream, code: number): void {
    if (stream.isClosed) return;
    if (code === errorCodes.NO_ERROR && stream.isEnding && !stream.isLocalEnded) stream.resetAfter = code;
    else {
      if (stream.id !== undefined) this.#output.write(encodeNumbers(frameTypes.rstStream, stream.id, code));
      this.#close(stream);
    }
  }

  /** `sizeBytes` of the content that came on `stream` are used up. */
  credit(stream: Http2Stream, sizeBytes: number): void {
    if (sizeBytes === 0) return;
    const opened = stream.receiveWindow.release(sizeBytes);
    if (opened > 0 && stream.id !== undefined && !stream.isRemoteEnded && !stream.isClosed)
      this.#output.write(encodeNumbers(frameTypes.windowUpdate, stream.id, opened));
    this.#held.add(-sizeBytes);
    this.#heldBytes -= sizeBytes;
    this.#creditConnection();
  }

  /** Takes no more streams. Those that are open go on. */
  goAway(name: ErrorName): void {
    if (this.#isGoingAway) return;
    this.#isGoingAway = true;
    this.#output.write(encodeNumbers(frameTypes.goAway, 0, this.#lastPeerId, errorCodes[name]));
  }

  /** Sends content that waited, stream by stream, a frame at a time. */
  flush(): void {
    for (const stream of this.#ready) {
      if (this.#output.isCongested || this.#sendWindow <= 0) return;
      this.#ready.delete(stream);
      this.#sendFrame(stream);
      this.#makeReady(stream);
      this.#finishIfSent(stream);
    }
  }

  /** The connection is gone. Returns the streams that were open; they are closed. */
  end(): Http2Stream[] {
    const open = [...this.#streams.values(), ...this.#unstarted];
    for (const stream of open) this.#close(stream);
    return open;
  }

  #receiveFrame(frame: Frame): void {
    if (!this.#peer.isKnown && frame.type !== frameTypes.settings)
      violation('PROTOCOL_ERROR', 'the first frame is not SETTINGS');
    const block = this.#headerBlocks.receive(frame);
    if (block !== undefined) this.#receiveHeaders(block);
    switch (frame.type) {
      case frameTypes.data:
        this.#receiveContent(frame);
        break;
      case frameTypes.rstStream:
        this.#receiveReset(frame);
        break;
      case frameTypes.settings:
        this.#receiveSettings(frame);
        break;
      case frameTypes.pushPromise:
        violation('PROTOCOL_ERROR', 'PUSH_PROMISE, which was not allowed');
        break;
      case frameTypes.ping:
        requirePayload(frame, frame.payload.length === 8 && frame.streamId === 0);
        if ((frame.flags & flags.ack) === 0)
          this.#output.write(encodeFrame(frameTypes.ping, flags.ack, 0, frame.payload));
        break;
      case frameTypes.goAway:
        this.#receiveGoAway(frame);
        break;
      case frameTypes.windowUpdate:
        this.#receiveWindowUpdate(frame);
        break;
      // HEADERS and CONTINUATION were taken above; PRIORITY and unknown types mean nothing (§5.5).
    }
  }

  #receiveHeaders({ streamId, fields, isEnd }: HeaderBlock): void {
    const stream = this.#streams.get(streamId) ?? this.#openPeerStream(streamId);
    if (stream === undefined) return;
    if (stream.isRemoteEnded) violation('STREAM_CLOSED', 'a header block behind the end of its stream');
    if (stream.hasContent && !isEnd) {
      this.#failStream(stream, 'PROTOCOL_ERROR');
      return;
    }
    stream.isRemoteEnded = isEnd;
    this.#events.onHeaders(stream, fields, isEnd);
    this.#completeIfEnded(stream);
  }

  /** Returns undefined for a stream whose frames are read over: it is closed, or was refused. */
  #openPeerStream(streamId: number): Http2Stream | undefined {
    if (!this.#isNew(streamId)) return undefined;
    if (this.#role === 'client' || streamId % 2 === 0)
      violation('PROTOCOL_ERROR', `stream ${streamId} is not the other end's to open`);
    if (this.#isGoingAway) return undefined;
    this.#lastPeerId = streamId;
    const stream = new Http2Stream(streamId);
    stream.sendWindow = this.#peer.initialWindowSize;
    if (this.#streams.size >= streamLimit) {
      this.#resets.take(this.#nowMs());
      this.reset(stream, errorCodes.REFUSED_STREAM);
      return undefined;
    }
    this.#streams.set(streamId, stream);
    return stream;
  }

  #isNew(streamId: number): boolean {
    if (streamId === 0) violation('PROTOCOL_ERROR', 'a frame of a stream without one');
    return this.#role === 'client' && streamId % 2 === 1
      ? streamId >= this.#nextId
      : streamId > this.#lastPeerId;
  }

  #receiveContent(frame: Frame): void {
    const { streamId, payload } = frame;
    const content = withoutPadding(frame);
    this.#receiveWindow.receive(payload.length);
    this.#heldBytes += payload.length;
    this.#uncreditedBytes += payload.length;
    this.#held.add(payload.length);
    const stream = this.#findStream(streamId);
    if (stream === undefined) {
      this.#held.add(-payload.length);
      this.#heldBytes -= payload.length;
      this.#creditConnection();
      return;
    }
    if (stream.isRemoteEnded) violation('STREAM_CLOSED', 'content behind the end of its stream');
    stream.receiveWindow.receive(payload.length);
    this.credit(stream, payload.length - content.length);
    this.#creditConnection();
    const isEnd = (frame.flags & flags.endStream) !== 0;
    stream.isRemoteEnded = isEnd;
    stream.hasContent = true;
    if (content.length > 0 || isEnd) this.#events.onContent(stream, content, isEnd);
    this.#completeIfEnded(stream);
  }

  /** What was received is credited at once: a stream that stands still has its own window, and holds up no other one. */
  #creditConnection(): void {
    if (this.#uncreditedBytes === 0 || (this.#held.isFull && this.#heldBytes > 0)) return;
    const opened = this.#receiveWindow.release(this.#uncreditedBytes);
    this.#uncreditedBytes = 0;
    if (opened > 0) this.#output.write(encodeNumbers(frameTypes.windowUpdate, 0, opened));
  }

  #receiveReset(frame: Frame): void {
    requirePayload(frame, frame.payload.length === 4);
    const stream = this.#findStream(frame.streamId);
    if (stream === undefined) return;
    if (this.#role === 'server') this.#resets.take(this.#nowMs());
    this.#close(stream);
    this.#events.onReset(stream, frame.payload.readUInt32BE(0));
  }

  #receiveSettings(frame: Frame): void {
    requirePayload(frame, frame.streamId === 0 && frame.payload.length % 6 === 0);
    if ((frame.flags & flags.ack) !== 0) {
      requirePayload(frame, frame.payload.length === 0);
      if (!this.#peer.isKnown) violation('PROTOCOL_ERROR', 'the first frame is not SETTINGS');
      return;
    }
    const before = this.#peer.initialWindowSize;
    this.#peer.apply(frame.payload);
    this.#output.write(encodeFrame(frameTypes.settings, flags.ack, 0, nothing));
    const change = this.#peer.initialWindowSize - before;
    if (change !== 0) for (const stream of this.#streams.values()) this.#openSendWindow(stream, change);
    this.#startRequests();
    this.flush();
  }

  #receiveGoAway(frame: Frame): void {
    requirePayload(frame, frame.streamId === 0 && frame.payload.length >= 8);
    this.#isPeerGoingAway = true;
    const lastId = frame.payload.readUInt32BE(0) & 0x7fff_ffff;
    if (this.#role === 'client')
      for (const [id, stream] of this.#streams)
        if (id > lastId) {
          this.#close(stream);
          this.#events.onReset(stream, errorCodes.REFUSED_STREAM);
        }
    this.#events.onGoAway(frame.payload.readUInt32BE(4));
  }

  #receiveWindowUpdate(frame: Frame): void {
    requirePayload(frame, frame.payload.length === 4);
    const increment = frame.payload.readUInt32BE(0) & 0x7fff_ffff;
    if (frame.streamId === 0) {
      if (increment === 0) violation('PROTOCOL_ERROR', 'WINDOW_UPDATE by nothing');
      this.#sendWindow += increment;
      if (this.#sendWindow > LARGEST_WINDOW) violation('FLOW_CONTROL_ERROR', 'a window over the limit');
    } else {
      const stream = this.#findStream(frame.streamId);
      if (stream === undefined) return;
      if (increment === 0) {
        this.#failStream(stream, 'PROTOCOL_ERROR');
        return;
      }
      this.#openSendWindow(stream, increment);
    }
    this.flush();
  }

  /** Returns undefined for a stream that is closed. */
  #findStream(streamId: number): Http2Stream | undefined {
    const stream = this.#streams.get(streamId);
    if (stream === undefined && this.#isNew(streamId) && !this.#isGoingAway)
      violation('PROTOCOL_ERROR', `a frame of stream ${streamId}, which is not open`);
    return stream;
  }

  #startRequests(): void {
    for (const stream of this.#unstarted) {
      const hasRoom = this.#streams.size < Math.min(this.#peer.maxConcurrentStreams, streamLimit);
      if (!this.#peer.isKnown || !hasRoom || this.isGoingAway) return;
      this.#unstarted.delete(stream);
      stream.id = this.#nextId;
      this.#nextId += 2;
      stream.sendWindow = this.#peer.initialWindowSize;
      this.#streams.set(stream.id, stream);
      this.#startRequest(stream);
    }
  }

  #startRequest(stream: Http2Stream): void {
    const { head = [], trailers } = stream;
    stream.head = undefined;
    const isWhole = stream.isEnding && stream.waitingBytes === 0 && trailers === undefined;
    this.#writeBlock(stream, head, isWhole);
    this.#makeReady(stream);
    this.flush();
    this.#finishIfSent(stream);
  }

  #openSendWindow(stream: Http2Stream, increment: number): void {
    stream.sendWindow += increment;
    if (stream.sendWindow > LARGEST_WINDOW) violation('FLOW_CONTROL_ERROR', 'a window over the limit');
    this.#makeReady(stream);
  }

  #makeReady(stream: Http2Stream): void {
    if (stream.waitingBytes > 0 && stream.sendWindow > 0) this.#ready.add(stream);
  }

  /** One DATA frame, as large as windows and limits allow. */
  #sendFrame(stream: Http2Stream): void {
    const content = stream.dequeue(Math.min(frameLimitBytes, stream.sendWindow, this.#sendWindow));
    stream.sendWindow -= content.length;
    this.#sendWindow -= content.length;
    const isLast = stream.isEnding && stream.waitingBytes === 0 && stream.trailers === undefined;
    // Before it may be complete, and its other end forgotten.
    this.#events.onSent(stream, content.length);
    this.#writeContent(stream, content, isLast);
  }

  /** Says that nothing follows, when all is sent and that is not said yet. */
  #finishIfSent(stream: Http2Stream): void {
    if (!stream.isEnding || stream.isLocalEnded || stream.isClosed || stream.waitingBytes > 0) return;
    if (stream.trailers === undefined) this.#writeContent(stream, nothing, true);
    else this.#writeHeaders(stream, stream.trailers);
  }

  #writeHeaders(stream: Http2Stream, fields: readonly HeaderField[]): void {
    this.#writeBlock(stream, fields, stream.isEnding);
  }

  #writeBlock(stream: Http2Stream, fields: readonly HeaderField[], isEnd: boolean): void {
    const block = encodeHeaderBlock(fields);
    const first = this.#hasSentBlock ? block : Buffer.concat([emptyTable, block]);
    this.#hasSentBlock = true;
    this.#output.write(encodeHeaderFrames(stream.id as number, first, isEnd));
    if (isEnd) this.#endLocally(stream);
  }

  #writeContent(stream: Http2Stream, content: Buffer, isEnd: boolean): void {
    const flagBits = isEnd ? flags.endStream : 0;
    this.#output.write(encodeFrameHeader(content.length, frameTypes.data, flagBits, stream.id as number));
    if (content.length > 0) this.#output.write(content);
    if (isEnd) this.#endLocally(stream);
  }

  #endLocally(stream: Http2Stream): void {
    stream.isLocalEnded = true;
    if (stream.resetAfter === undefined) {
      this.#completeIfEnded(stream);
      return;
    }
    this.reset(stream, stream.resetAfter);
    this.#events.onComplete(stream);
  }

  #completeIfEnded(stream: Http2Stream): void {
    if (!stream.isLocalEnded || !stream.isRemoteEnded || stream.isClosed) return;
    this.#close(stream);
    this.#events.onComplete(stream);
  }

  /** RFC 9113 §5.4.2. What makes us reset a stream costs as much as a reset of the other end (CVE-2025-8671). */
  #failStream(stream: Http2Stream, name: ErrorName): void {
    if (this.#role === 'server') this.#resets.take(this.#nowMs());
    this.reset(stream, errorCodes[name]);
    this.#events.onReset(stream, errorCodes[name]);
  }

  #close(stream: Http2Stream): void {
    if (stream.id !== undefined) this.#streams.delete(stream.id);
    this.#unstarted.delete(stream);
    this.#ready.delete(stream);
    const droppedBytes = stream.waitingBytes;
    stream.close();
    if (droppedBytes > 0) this.#events.onSent(stream, droppedBytes);
    if (this.#unstarted.size > 0) this.#startRequests();
  }
}

function requirePayload({ type }: Frame, isRight: boolean): void {
  if (!isRight) violation('FRAME_SIZE_ERROR', `a frame of type ${type} with a wrong size or stream`);
}
