/** Puts the header blocks of one direction together: HEADERS and its CONTINUATION frames, with nothing in between. */
import { flags, frameTypes, violation, withoutPadding, type Frame } from './frame.ts';
import type { HeaderField } from './header-field.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { headerFramesLimit, headerListLimitBytes } from './limits.ts';

export interface HeaderBlock {
  streamId: number;
  /** Undefined: more than the limit. */
  fields: HeaderField[] | undefined;
  isEnd: boolean;
}

export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  #open: { streamId: number; isEnd: boolean; parts: Buffer[]; sizeBytes: number } | undefined;

  /**
   * Takes every frame of the connection, and returns a block with its last frame.
   * @throws {HTTP_PROTOCOL}
   */
  receive(frame: Frame): HeaderBlock | undefined {
    const { type, streamId } = frame;
    if (
      (type === frameTypes.continuation) !== (this.#open !== undefined) ||
      (this.#open?.streamId ?? streamId) !== streamId
    )
      violation('PROTOCOL_ERROR', 'a header block is interrupted, or goes on without a start');
    if (type === frameTypes.headers)
      this.#open = { streamId, isEnd: (frame.flags & flags.endStream) !== 0, parts: [], sizeBytes: 0 };
    const open = this.#open;
    if (open === undefined) return undefined;
    const part = type === frameTypes.headers ? withoutPadding(frame) : frame.payload;
    open.parts.push(part);
    open.sizeBytes += part.length;
    if (open.sizeBytes > headerListLimitBytes || open.parts.length > headerFramesLimit)
      violation('ENHANCE_YOUR_CALM', 'a header block is over the limit');
    if ((frame.flags & flags.endHeaders) === 0) return undefined;
    this.#open = undefined;
    const block = open.parts.length === 1 ? part : Buffer.concat(open.parts);
    return { streamId, fields: this.#decoder.decode(block), isEnd: open.isEnd };
  }
}
