/** What the other end may still send, of one stream or of a connection (RFC 9113 §5.2), and when it is told of more. */
import { violation } from './frame.ts';

export class ReceiveWindow {
  readonly #sizeBytes: number;
  #credit: number;
  /** Received and used up here, but not credited yet. */
  #owed = 0;

  /** `sizeBytes`: what the other end has, or is told, at the start. */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#credit = sizeBytes;
  }

  /** @throws {HTTP_PROTOCOL} FLOW_CONTROL_ERROR */
  receive(sizeBytes: number): void {
    this.#credit -= sizeBytes;
    if (this.#credit < 0) violation('FLOW_CONTROL_ERROR', 'more content than its window has room for');
  }

  /** Returns by how much the other end's window is to be opened: nothing, until it is worth a frame. */
  release(sizeBytes: number): number {
    this.#owed += sizeBytes;
    if (this.#owed < this.#sizeBytes / 2) return 0;
    const credit = this.#owed;
    this.#owed = 0;
    this.#credit += credit;
    return credit;
  }
}
