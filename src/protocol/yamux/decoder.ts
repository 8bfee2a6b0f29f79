/**
 * Cuts a byte stream into frame headers and payload. It never waits for a whole frame: payload is passed on as it
 * arrives, as views, so the only bytes held here are those of one incomplete header (11 at most). Whether a payload may
 * be that long is for the session to decide, which sees the header before any of the payload.
 */
import { decodeHeader, frameTypes, headerSizeBytes, type FrameHeader } from './frame.ts';

export type FramePart =
  | { readonly kind: 'header'; readonly header: FrameHeader }
  | {
      readonly kind: 'payload';
      /** View of the chunk that was pushed; never empty. */
      readonly bytes: Buffer;
      /** The frame ends with these bytes. */
      readonly isLast: boolean;
    };

const nothing: Buffer = Buffer.alloc(0);

export class FrameDecoder {
  #chunk: Buffer = nothing;
  #offset = 0;
  readonly #partialHeader: Buffer = Buffer.alloc(headerSizeBytes);
  #partialHeaderBytes = 0;
  #payloadRemainingBytes = 0;

  /** Takes the next bytes. The chunk before must have been used up: {@link next} returned undefined. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /**
   * Returns the next part, or undefined when the chunk is used up.
   *
   * @throws {MUX_PROTOCOL} from {@link decodeHeader}; the decoder cannot go on after that.
   */
  next(): FramePart | undefined {
    const part = this.#offset < this.#chunk.length ? this.#nextPart() : undefined;
    // A chunk can be a view of much memory: an idle session must not keep it.
    if (part === undefined) this.push(nothing);
    return part;
  }

  #nextPart(): FramePart | undefined {
    if (this.#payloadRemainingBytes > 0) return this.#nextPayload();
    const header = this.#nextHeader();
    if (header === undefined) return undefined;
    if (header.type === frameTypes.data) this.#payloadRemainingBytes = header.length;
    return { kind: 'header', header };
  }

  #nextPayload(): FramePart {
    const end = Math.min(this.#offset + this.#payloadRemainingBytes, this.#chunk.length);
    const bytes = this.#chunk.subarray(this.#offset, end);
    this.#offset = end;
    this.#payloadRemainingBytes -= bytes.length;
    return { kind: 'payload', bytes, isLast: this.#payloadRemainingBytes === 0 };
  }

  #nextHeader(): FrameHeader | undefined {
    const isWhole = this.#partialHeaderBytes === 0 && this.#chunk.length - this.#offset >= headerSizeBytes;
    if (isWhole) {
      const header = decodeHeader(this.#chunk, this.#offset);
      this.#offset += headerSizeBytes;
      return header;
    }
    const copied = this.#chunk.copy(this.#partialHeader, this.#partialHeaderBytes, this.#offset);
    this.#offset += copied;
    this.#partialHeaderBytes += copied;
    if (this.#partialHeaderBytes < headerSizeBytes) return undefined;
    this.#partialHeaderBytes = 0;
    return decodeHeader(this.#partialHeader);
  }
}
