/**
 * Decodes the header blocks of one direction of a connection, RFC 7541. All blocks must pass through it, in their order,
 * as each may change the dynamic table.
 */
import { violation } from './frame.ts';
import { sizeOfField, type HeaderField } from './header-field.ts';
import { decodeHuffman } from './huffman.ts';
import { headerListLimitBytes, headerTableBytes } from './limits.ts';
import { staticTable } from './static-table.ts';

/** Octets of an integer behind its prefix: these hold every number up to 2^28. */
const INTEGER_OCTETS = 4;

const staticFields: readonly HeaderField[] = staticTable.map(([name, value]) => ({ name, value }));

export class HpackDecoder {
  /** Newest last. */
  readonly #table: HeaderField[] = [];
  #tableBytes = 0;
  #tableLimitBytes = headerTableBytes;
  #block: Buffer = Buffer.alloc(0);
  #offset = 0;

  /**
   * Returns undefined when the list is over its limit; the table is right all the same.
   * @throws {HTTP_PROTOCOL} COMPRESSION_ERROR
   */
  decode(block: Buffer): HeaderField[] | undefined {
    this.#block = block;
    this.#offset = 0;
    while (((block[this.#offset] ?? 0) & 0xe0) === 0x20) this.#resizeTable();
    const fields: HeaderField[] = [];
    let listBytes = 0;
    while (this.#offset < block.length) {
      const field = this.#decodeField();
      listBytes += sizeOfField(field);
      // Kept out of the list, a field costs nothing: its strings are shared with the table.
      if (listBytes <= headerListLimitBytes) fields.push(field);
    }
    return listBytes <= headerListLimitBytes ? fields : undefined;
  }

  /** The representations of RFC 7541 §6, told by the first bits. */
  #decodeField(): HeaderField {
    const first = this.#block[this.#offset] as number;
    if (first & 0x80) return this.#fieldAt(this.#decodeInteger(7));
    if (first & 0x40) {
      const field = this.#decodeLiteral(6);
      this.#insert(field);
      return field;
    }
    if (first & 0x20) violation('COMPRESSION_ERROR', 'the table is resized within a header block');
    const field = this.#decodeLiteral(4);
    if (first & 0x10) field.isNeverIndexed = true;
    return field;
  }

  #decodeLiteral(prefixBits: number): HeaderField {
    const index = this.#decodeInteger(prefixBits);
    const name = index === 0 ? this.#decodeString() : this.#fieldAt(index).name;
    return { name, value: this.#decodeString() };
  }

  #resizeTable(): void {
    const limitBytes = this.#decodeInteger(5);
    if (limitBytes > headerTableBytes)
      violation('COMPRESSION_ERROR', 'the table is made larger than allowed');
    this.#tableLimitBytes = limitBytes;
    this.#evict();
  }

  #insert(field: HeaderField): void {
    this.#table.push(field);
    this.#tableBytes += sizeOfField(field);
    this.#evict();
  }

  #evict(): void {
    let count = 0;
    for (; this.#tableBytes > this.#tableLimitBytes; count += 1)
      this.#tableBytes -= sizeOfField(this.#table[count] as HeaderField);
    if (count > 0) this.#table.splice(0, count);
  }

  #fieldAt(index: number): HeaderField {
    const field =
      index <= staticFields.length
        ? staticFields[index - 1]
        : this.#table[this.#table.length - (index - staticFields.length)];
    return field ?? violation('COMPRESSION_ERROR', 'an index is in neither table');
  }

  /** RFC 7541 §5.1. */
  #decodeInteger(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    let value = this.#nextOctet() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift < 7 * INTEGER_OCTETS; shift += 7) {
      const octet = this.#nextOctet();
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value;
    }
    return violation('COMPRESSION_ERROR', 'an integer is too large');
  }

  /** RFC 7541 §5.2. */
  #decodeString(): string {
    const isHuffman = ((this.#block[this.#offset] ?? 0) & 0x80) !== 0;
    const length = this.#decodeInteger(7);
    const start = this.#offset;
    this.#offset += length;
    if (this.#offset > this.#block.length) violation('COMPRESSION_ERROR', 'a header block is cut short');
    return isHuffman
      ? decodeHuffman(this.#block.subarray(start, this.#offset))
      : this.#block.toString('latin1', start, this.#offset);
  }

  #nextOctet(): number {
    const octet = this.#block[this.#offset];
    this.#offset += 1;
    return octet ?? violation('COMPRESSION_ERROR', 'a header block is cut short');
  }
}
