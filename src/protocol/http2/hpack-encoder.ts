/**
 * Encodes header blocks without a dynamic table and without Huffman coding: no state that would have to follow a stream
 * from one target to another, and blocks that cost little to make. RFC 7541 leaves both to the encoder.
 */
import type { HeaderField } from './header-field.ts';
import { staticTable } from './static-table.ts';

/** The peer's decoder forgets its table, RFC 7541 §6.3: no later setting of its size asks anything of this encoder then. */
export const emptyTable: Buffer = Buffer.from([0x20]);

const NEVER_INDEXED = 0x10;
const WITHOUT_INDEXING = 0x00;
/** Room for the integers of one field: three, each at most 5 octets. */
const INTEGERS_BYTES = 15;

const indexOfName: ReadonlyMap<string, number> = new Map(
  staticTable.map(([name], index): [string, number] => [name, index + 1]).reverse(),
);
const indexOfField: ReadonlyMap<string, number> = new Map(
  staticTable.map(([name, value], index): [string, number] => [`${name}\0${value}`, index + 1]),
);

export function encodeHeaderBlock(fields: readonly HeaderField[]): Buffer {
  let sizeBytes = 0;
  for (const { name, value } of fields) sizeBytes += name.length + value.length + INTEGERS_BYTES;
  const block = Buffer.allocUnsafe(sizeBytes);
  let offset = 0;
  for (const field of fields) offset = encodeField(block, offset, field);
  return block.subarray(0, offset);
}

function encodeField(block: Buffer, offset: number, { name, value, isNeverIndexed }: HeaderField): number {
  const fieldIndex = indexOfField.get(`${name}\0${value}`);
  if (fieldIndex !== undefined && !isNeverIndexed) return encodeInteger(block, offset, 7, 0x80, fieldIndex);
  const nameIndex = indexOfName.get(name) ?? 0;
  const afterIndex = encodeInteger(
    block,
    offset,
    4,
    isNeverIndexed ? NEVER_INDEXED : WITHOUT_INDEXING,
    nameIndex,
  );
  const afterName = nameIndex === 0 ? encodeString(block, afterIndex, name) : afterIndex;
  return encodeString(block, afterName, value);
}

function encodeString(block: Buffer, offset: number, text: string): number {
  const start = encodeInteger(block, offset, 7, 0, text.length);
  return start + block.write(text, start, 'latin1');
}

/** RFC 7541 §5.1. Returns the offset behind it. */
function encodeInteger(
  block: Buffer,
  offset: number,
  prefixBits: number,
  firstBits: number,
  value: number,
): number {
  const mask = 2 ** prefixBits - 1;
  if (value < mask) {
    block[offset] = firstBits | value;
    return offset + 1;
  }
  block[offset] = firstBits | mask;
  let position = offset + 1;
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    block[position] = (rest % 0x80) | 0x80;
    position += 1;
  }
  block[position] = rest;
  return position + 1;
}
