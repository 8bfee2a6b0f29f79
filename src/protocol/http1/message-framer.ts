/**
 * Finds where the messages of one direction start and end: RFC 9112 §2.1, §6 and §7.1. It looks, it does not touch: bytes
 * are neither kept (but for the start of a line that comes in parts) nor changed, and content is skipped by counting.
 */
import { SEMICOLON } from './octets.ts';
import { chunkLineLimitBytes, headLimitBytes } from './limits.ts';
import { LineReader } from './line-reader.ts';
import { createFramingFields, readFieldLine, type FramingFields } from './fields.ts';
import type { OpaqueReason } from './opaque.ts';

/** The content behind a head: so many bytes, or chunks. */
export type Content = number | 'chunked';

/** What differs between requests and responses. */
export interface MessageKind<StartLine> {
  parseStartLine(line: Buffer): StartLine | OpaqueReason;
  /** Tells early whether a start line that is not complete can become one. */
  canStart(bytes: Buffer): boolean;
  /** Is told each head and answers what content follows. */
  onHead(startLine: StartLine, fields: FramingFields): Content | OpaqueReason;
  onEnd(): void;
}

/**
 * - `start-line`: between messages, or within the first line of one;
 * - `fields`: until the empty line;
 * - `content`: `skip` bytes of sized content are left;
 * - `chunk-size` → `chunk-data` (`skip` bytes are left) → `chunk-end` (the CRLF) → `chunk-size` …;
 * - `trailers`: behind the chunk of size 0, until the empty line.
 */
type State = 'start-line' | 'fields' | 'content' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers';

export class MessageFramer<StartLine extends object> {
  readonly #kind: MessageKind<StartLine>;
  readonly #lines = new LineReader();
  #state: State = 'start-line';
  #startLine: StartLine | undefined;
  #fields = createFramingFields();
  #skip = 0;
  #opaqueReason: OpaqueReason | undefined;

  constructor(kind: MessageKind<StartLine>) {
    this.#kind = kind;
    this.#lines.beginSection(headLimitBytes);
  }

  /** True before the first byte of a message. */
  get isBetween(): boolean {
    return this.#state === 'start-line' && !this.#lines.isWithinLine && this.#opaqueReason === undefined;
  }

  /** Why messages are not told apart any more. */
  get opaqueReason(): OpaqueReason | undefined {
    return this.#opaqueReason;
  }

  /** Follows the bytes of `chunk` from `offset`. Returns the offset behind the message's last byte, or the chunk's length. */
  observe(chunk: Buffer, offset: number): number {
    let position = offset;
    while (position < chunk.length && this.#opaqueReason === undefined) {
      if (this.#skip > 0) position += this.#skipContent(chunk.length - position);
      else position = this.#observeLine(chunk, position);
      if (this.isBetween) return position;
    }
    return chunk.length;
  }

  #skipContent(availableBytes: number): number {
    const skipped = Math.min(this.#skip, availableBytes);
    this.#skip -= skipped;
    if (this.#skip === 0) {
      if (this.#state === 'content') this.#end();
      else this.#expectLine('chunk-end', chunkLineLimitBytes);
    }
    return skipped;
  }

  #observeLine(chunk: Buffer, offset: number): number {
    const line = this.#lines.read(chunk, offset);
    if (typeof line === 'string') this.#opaqueReason = line;
    else if (line !== undefined) this.#opaqueReason = this.#receiveLine(line);
    else if (this.#state === 'start-line' && !this.#canStart()) this.#opaqueReason = 'start-line';
    return this.#lines.nextOffset;
  }

  #canStart(): boolean {
    return this.#kind.canStart(this.#lines.partialLine);
  }

  #receiveLine(line: Buffer): OpaqueReason | undefined {
    switch (this.#state) {
      case 'start-line':
        return this.#receiveStartLine(line);
      case 'fields':
        return line.length === 0 ? this.#receiveHeadEnd() : readFieldLine(line, this.#fields);
      case 'chunk-size':
        return this.#receiveChunkSize(line);
      case 'chunk-end':
        if (line.length > 0) return 'chunk-end';
        this.#expectLine('chunk-size', chunkLineLimitBytes);
        return undefined;
      case 'trailers':
        return this.#receiveTrailer(line);
      case 'content':
      case 'chunk-data':
        // Skipped by counting.
        return undefined;
    }
  }

  #receiveStartLine(line: Buffer): OpaqueReason | undefined {
    const startLine = this.#kind.parseStartLine(line);
    if (typeof startLine === 'string') return startLine;
    this.#startLine = startLine;
    this.#fields = createFramingFields();
    this.#state = 'fields';
    return undefined;
  }

  #receiveHeadEnd(): OpaqueReason | undefined {
    const content = this.#kind.onHead(this.#startLine as StartLine, this.#fields);
    if (content === 'chunked') this.#expectLine('chunk-size', chunkLineLimitBytes);
    else if (typeof content === 'string') return content;
    else if (content === 0) this.#end();
    else {
      this.#state = 'content';
      this.#skip = content;
    }
    return undefined;
  }

  #receiveChunkSize(line: Buffer): OpaqueReason | undefined {
    const size = parseChunkSize(line);
    if (size === undefined) return 'chunk-size';
    if (size === 0) this.#expectLine('trailers', headLimitBytes);
    else {
      this.#state = 'chunk-data';
      this.#skip = size;
    }
    return undefined;
  }

  #receiveTrailer(line: Buffer): OpaqueReason | undefined {
    if (line.length === 0) {
      this.#end();
      return undefined;
    }
    const trailer = createFramingFields();
    const reason = readFieldLine(line, trailer);
    return trailer.contentLength !== undefined || trailer.isChunked ? 'trailer' : reason;
  }

  #expectLine(state: State, limitBytes: number): void {
    this.#state = state;
    this.#lines.beginSection(limitBytes);
  }

  #end(): void {
    this.#expectLine('start-line', headLimitBytes);
    this.#kind.onEnd();
  }
}

/** 12 hexadecimal digits are a safe integer. Whitespace behind the digits is not understood, extensions are skipped. */
const CHUNK_SIZE_DIGITS = /^[0-9A-Fa-f]{1,12}$/;

function parseChunkSize(line: Buffer): number | undefined {
  const semicolon = line.indexOf(SEMICOLON);
  const digits = line.toString('latin1', 0, semicolon === -1 ? line.length : semicolon);
  return CHUNK_SIZE_DIGITS.test(digits) ? Number.parseInt(digits, 16) : undefined;
}
