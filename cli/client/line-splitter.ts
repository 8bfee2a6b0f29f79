import { StringDecoder } from 'node:string_decoder';

/** Cuts a stream of UTF-8 bytes into lines, wherever the chunks happen to break. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #limit: number;
  #parts: string[] = [];
  #partsLength = 0;

  /** @param limit longest line, in UTF-16 code units */
  constructor({ limit }: { limit: number }) {
    this.#limit = limit;
  }

  /** Takes `chunk` and returns the lines that are complete now, without their ends. Returns undefined over the limit. */
  push(chunk: Buffer): string[] | undefined {
    const pieces = this.#decoder.write(chunk).split('\n');
    const lines: string[] = [];
    for (const [index, piece] of pieces.entries()) {
      this.#parts.push(piece);
      this.#partsLength += piece.length;
      if (this.#partsLength > this.#limit) return undefined;
      if (index < pieces.length - 1) lines.push(this.#take());
    }
    return lines;
  }

  /** Returns what is left after the last line end. */
  end(): string {
    this.#parts.push(this.#decoder.end());
    return this.#take();
  }

  #take(): string {
    const line = this.#parts.join('');
    this.#parts = [];
    this.#partsLength = 0;
    return line;
  }
}
