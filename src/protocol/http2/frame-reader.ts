/** Cuts received bytes into frames. */
import { ByteQueue } from '../../core/index.ts';
import { frameHeaderBytes, violation, type Frame } from './frame.ts';
import { frameLimitBytes } from './limits.ts';

export class FrameReader {
  readonly #bytes = new ByteQueue();
  #header: Buffer | undefined;

  /** Keeps `chunk` until it has been read. */
  push(chunk: Buffer): void {
    this.#bytes.push(chunk);
  }

  /**
   * Returns the next frame that is complete. A length over the limit is refused before anything of it is waited for.
   * @throws {HTTP_PROTOCOL} FRAME_SIZE_ERROR
   */
  next(): Frame | undefined {
    this.#header ??= this.#bytes.read(frameHeaderBytes);
    const header = this.#header;
    if (header === undefined) return undefined;
    const length = header.readUIntBE(0, 3);
    if (length > frameLimitBytes) violation('FRAME_SIZE_ERROR', `a frame of ${length} bytes`);
    const payload = this.#bytes.read(length);
    if (payload === undefined) return undefined;
    this.#header = undefined;
    return {
      type: header[3] as number,
      flags: header[4] as number,
      streamId: header.readUInt32BE(5) & 0x7fff_ffff,
      payload,
    };
  }
}
