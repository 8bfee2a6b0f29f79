/**
 * The server's end of SPDY/3.1, as far as Kubernetes' clients use it: streams that the client opens, with headers, data,
 * half-close and reset. Priorities, flow control and server push are not used there.
 *
 * @see SPDY Protocol, draft 3.1
 */
import { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate } from 'node:zlib';
import { headerDictionary } from './spdy-dictionary.ts';

/** Streams open at once in a session; each port-forwarded connection takes two. */
export const maximumStreams = 1_024;

/** Bytes of one frame; clients of Kubernetes send at most 32 KiB. */
export const maximumFrameBytes: number = 1024 * 1024;

const version = 0x8003;
const type = { synStream: 1, synReply: 2, reset: 3, settings: 4, ping: 6, goAway: 7, headers: 8 } as const;
const fin = 1;
const refused = 3;

export interface SpdyStream extends Duplex {
  readonly headers: ReadonlyMap<string, string>;
}

/** @param onStream gets each stream, which has been accepted. Resolves when the carrier has ended. */
export async function serveSpdy(carrier: Duplex, onStream: (stream: SpdyStream) => void): Promise<void> {
  const session = new Session(carrier, onStream);
  let pending: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of carrier as AsyncIterable<Buffer>) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      while (pending.length >= 8) {
        const length = pending.readUIntBE(5, 3);
        if (length > maximumFrameBytes) throw new Error('a SPDY frame is too long');
        if (pending.length < 8 + length) break;
        await session.frame(pending.subarray(0, 8), pending.subarray(8, 8 + length));
        pending = pending.subarray(8 + length);
      }
    }
  } catch {
    // The carrier broke, or what came was no SPDY: both end the session.
  } finally {
    session.end();
    carrier.destroy();
  }
}

class Session {
  readonly #carrier: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #streams = new Map<number, Stream>();
  readonly #inflate = createInflate({ dictionary: headerDictionary });
  readonly #deflate = createDeflate({ dictionary: headerDictionary });

  constructor(carrier: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#carrier = carrier;
    this.#onStream = onStream;
  }

  async frame(head: Buffer, body: Buffer): Promise<void> {
    const flags = head.readUInt8(4);
    if ((head.readUInt8(0) & 0x80) === 0) {
      const stream = this.#streams.get(head.readUInt32BE(0));
      // Data of a stream that has been reset is on its way still.
      if (stream !== undefined) await stream.receive(body, (flags & fin) !== 0);
      return;
    }
    switch (head.readUInt16BE(2)) {
      case type.synStream:
        await this.#open(body, (flags & fin) !== 0);
        break;
      case type.reset:
        this.#streams.get(body.readUInt32BE(0))?.destroy();
        break;
      case type.ping:
        this.#control(type.ping, body);
        break;
      case type.headers:
        // The compression context goes through all header blocks.
        await this.#decompress(body.subarray(4));
        break;
      default:
        break;
    }
  }

  end(): void {
    for (const stream of this.#streams.values()) stream.destroy();
    this.#inflate.close();
    this.#deflate.close();
  }

  async #open(body: Buffer, ended: boolean): Promise<void> {
    const id = body.readUInt32BE(0) & 0x7fffffff;
    const headers = readHeaders(await this.#decompress(body.subarray(10)));
    if (this.#streams.size >= maximumStreams) {
      this.#control(type.reset, numbers(id, refused));
      return;
    }
    const stream = new Stream(headers, {
      send: (chunk, last, sent) => this.#carrier.write(dataFrame(id, chunk, last), sent),
      reset: () => this.#control(type.reset, numbers(id, 5)),
      closed: () => this.#streams.delete(id),
    });
    this.#streams.set(id, stream);
    const reply = await this.#compress(numbers(0));
    this.#control(type.synReply, Buffer.concat([numbers(id), reply]));
    if (ended) await stream.receive(Buffer.alloc(0), true);
    this.#onStream(stream);
  }

  #control(kind: number, body: Buffer): void {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(version, 0);
    head.writeUInt16BE(kind, 2);
    head.writeUInt32BE(body.length, 4);
    if (this.#carrier.writable) this.#carrier.write(Buffer.concat([head, body]));
  }

  #decompress(block: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#inflate.once('error', reject);
      this.#inflate.write(block, () => {
        this.#inflate.off('error', reject);
        resolve((this.#inflate.read() as Buffer | null) ?? Buffer.alloc(0));
      });
    });
  }

  #compress(block: Buffer): Promise<Buffer> {
    return new Promise((resolve) => {
      this.#deflate.write(block);
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        resolve((this.#deflate.read() as Buffer | null) ?? Buffer.alloc(0));
      });
    });
  }
}

interface StreamPeer {
  send(chunk: Buffer, last: boolean, sent: (error?: Error | null) => void): void;
  reset(): void;
  closed(): void;
}

class Stream extends Duplex implements SpdyStream {
  readonly headers: ReadonlyMap<string, string>;
  readonly #peer: StreamPeer;
  #wanted: (() => void) | undefined;

  constructor(headers: ReadonlyMap<string, string>, peer: StreamPeer) {
    super({ allowHalfOpen: true });
    this.headers = headers;
    this.#peer = peer;
  }

  /** Resolves when more may come: one stream that is not read holds up the session, as there is no flow control. */
  async receive(chunk: Buffer, last: boolean): Promise<void> {
    const room = chunk.length === 0 || this.push(Buffer.from(chunk));
    if (last) this.push(null);
    else if (!room && !this.destroyed) await new Promise<void>((resolve) => (this.#wanted = resolve));
  }

  override _read(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#peer.send(chunk, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#peer.send(Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this._read();
    if (!this.writableFinished || !this.readableEnded) this.#peer.reset();
    this.#peer.closed();
    done(error);
  }
}

function dataFrame(id: number, chunk: Buffer, last: boolean): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(id, 0);
  head.writeUInt32BE(chunk.length, 4);
  head.writeUInt8(last ? fin : 0, 4);
  return Buffer.concat([head, chunk]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

function readHeaders(block: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let offset = 4;
  const text = (): string => {
    const length = block.readUInt32BE(offset);
    const value = block.toString('utf8', offset + 4, offset + 4 + length);
    offset += 4 + length;
    return value;
  };
  for (let left = block.readUInt32BE(0); left > 0; left -= 1) {
    const name = text();
    headers.set(name.toLowerCase(), text());
  }
  return headers;
}
