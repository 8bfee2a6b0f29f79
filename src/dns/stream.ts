/** DNS over a byte stream: each message after its length in two bytes (RFC 1035 §4.2.2). */
import type { Duplex } from 'node:stream';

const LENGTH_BYTES = 2;

export function encodeStreamMessage(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + message.length);
  framed.writeUInt16BE(message.length, 0);
  message.copy(framed, LENGTH_BYTES);
  return framed;
}

/** Takes the stream's bytes as they come; holds at most one message (64 KiB) and one chunk. */
export class DnsStreamDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that `chunk` completes; views, valid as long as the chunk. */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      if (bytes.length < LENGTH_BYTES) break;
      const end = LENGTH_BYTES + bytes.readUInt16BE(0);
      if (bytes.length < end) break;
      messages.push(bytes.subarray(LENGTH_BYTES, end));
      bytes = bytes.subarray(end);
    }
    this.#rest = Buffer.from(bytes);
    return messages;
  }
}

/** Answers the questions of a stream, in their order and one after the other, until it ends. Never rejects. */
export async function serveDnsStream(
  stream: Duplex,
  respond: (query: Buffer) => Promise<Buffer | undefined>,
): Promise<void> {
  const decoder = new DnsStreamDecoder();
  try {
    // An iterator that destroys at the end would lose the answers of an asker that has ended its side.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      for (const query of decoder.push(chunk as Buffer)) {
        const answer = await respond(query);
        if (answer !== undefined) stream.write(encodeStreamMessage(answer));
      }
    }
    stream.end();
  } catch {
    stream.destroy();
  }
}
