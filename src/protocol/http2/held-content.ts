/** Counts the content that waits in the connections of a process. One for all of them: many small shares add up. */
import { heldContentLimitBytes } from './limits.ts';

export class HeldContent {
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isFull(): boolean {
    return this.#sizeBytes >= heldContentLimitBytes;
  }

  /** A negative size gives back. */
  add(sizeBytes: number): void {
    this.#sizeBytes += sizeBytes;
  }
}
