/**
 * One stream of a connection: its id and state, and what waits to be sent on it. Only its connection changes it. A request
 * that has not been started has no id yet, and may move to another connection with all that waits.
 */
import type { HeaderField } from './header-field.ts';
import { streamWindowBytes } from './limits.ts';
import { ReceiveWindow } from './receive-window.ts';

/** Content that waits in pieces smaller than this is put together: a piece keeps a whole chunk of the socket alive. */
const PIECE_BYTES = 4096;

export class Http2Stream {
  /** Undefined until the request is sent. */
  id: number | undefined;
  /** What the other end takes now, in bytes; below 0 after it has made its windows smaller. */
  sendWindow = 0;
  readonly receiveWindow: ReceiveWindow = new ReceiveWindow(streamWindowBytes);
  /** Header blocks that wait for their turn, before any content (a request), or behind it (trailers). */
  head: readonly HeaderField[] | undefined;
  trailers: readonly HeaderField[] | undefined;
  /** We have said, or will say with the last that waits, that nothing follows. */
  isEnding = false;
  isLocalEnded = false;
  isRemoteEnded = false;
  isClosed = false;
  /** Content has come: another header block can only be trailers. */
  hasContent = false;
  /** Sent once everything else is. */
  resetAfter: number | undefined;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(id?: number) {
    this.id = id;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes a view that is valid for now, and keeps the memory that belongs to it in proportion. */
  enqueue(content: Buffer): void {
    this.#waitingBytes += content.length;
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.length + content.length <= PIECE_BYTES)
      this.#waiting[this.#waiting.length - 1] = Buffer.concat([last, content]);
    else this.#waiting.push(content.length < PIECE_BYTES ? Buffer.from(content) : content);
  }

  /** Removes up to `maximumBytes` that were waiting. */
  dequeue(maximumBytes: number): Buffer {
    const first = this.#waiting[0] ?? Buffer.alloc(0);
    const part = first.subarray(0, maximumBytes);
    if (part.length === first.length) this.#waiting.shift();
    else this.#waiting[0] = first.subarray(part.length);
    this.#waitingBytes -= part.length;
    return part;
  }

  /** Nothing of it will be sent any more. */
  close(): void {
    this.isClosed = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.trailers = undefined;
  }
}
