/**
 * Huffman decoding of HPACK strings, RFC 7541 §5.2. The code of appendix B is canonical: codes of one length ascend with
 * their symbols, and the shorter ones come first. So the symbols by length are the whole table.
 */
import { violation } from './frame.ts';

const END_OF_STRING = 256;
const SHORTEST = 5;

/** Symbols by the length of their code in bits: characters as text, other octets as a list of ranges. */
const symbolsByLength: Readonly<Record<number, string | readonly (number | readonly [number, number])[]>> = {
  5: '012aceiost',
  6: ' %-./3456789=A_bdfghlmnpru',
  7: ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz',
  8: '&*,;XZ',
  10: '!"()?',
  11: "'+|",
  12: '#>',
  13: '\0$@[]~',
  14: '^}',
  15: '<`{',
  19: [92, 195, 208],
  20: [128, 130, 131, 162, 184, 194, 224, 226],
  21: [153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230],
  22: [
    129,
    [132, 134],
    136,
    146,
    154,
    156,
    160,
    163,
    164,
    169,
    170,
    173,
    178,
    181,
    [185, 187],
    189,
    190,
    196,
    198,
    228,
    232,
    233,
  ],
  23: [
    1,
    135,
    [137, 141],
    143,
    147,
    [149, 152],
    155,
    157,
    158,
    165,
    166,
    168,
    174,
    175,
    180,
    182,
    183,
    188,
    191,
    197,
    231,
    239,
  ],
  24: [9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237],
  25: [199, 207, 234, 235],
  26: [192, 193, [200, 202], 205, 210, 213, 218, 219, 238, 240, 242, 243, 255],
  27: [203, 204, 211, 212, 214, [221, 223], 241, [244, 248], [250, 254]],
  28: [[2, 8], 11, 12, [14, 21], [23, 31], 127, 220, 249],
  30: [10, 13, 22, 256],
};

interface CodeLength {
  /** The first code of this length, as a number. */
  first: number;
  symbols: readonly number[];
}

const codeLengths: readonly CodeLength[] = buildCodeLengths();

function buildCodeLengths(): CodeLength[] {
  const lengths: CodeLength[] = [];
  let code = 0;
  for (let bits = 0; bits <= 30; bits += 1) {
    const listed = symbolsByLength[bits] ?? '';
    const symbols =
      typeof listed === 'string'
        ? Array.from(listed, (character) => character.charCodeAt(0))
        : listed.flatMap(expand);
    code *= 2;
    lengths.push({ first: code, symbols });
    code += symbols.length;
  }
  return lengths;
}

function expand(range: number | readonly [number, number]): number[] {
  if (typeof range === 'number') return [range];
  const [first, last] = range;
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/**
 * Returns the decoded octets, each one character (ISO 8859-1).
 * @throws {HTTP_PROTOCOL} COMPRESSION_ERROR for the symbol of the end, and for padding that is not its start
 */
export function decodeHuffman(encoded: Buffer): string {
  // The shortest code has 5 bits.
  const octets = Buffer.allocUnsafe(Math.floor((encoded.length * 8) / SHORTEST));
  let size = 0;
  let code = 0;
  let bits = 0;
  for (const octet of encoded) {
    for (let shift = 7; shift >= 0; shift -= 1) {
      code = code * 2 + ((octet >> shift) & 1);
      bits += 1;
      if (bits < SHORTEST) continue;
      const length = codeLengths[bits] as CodeLength;
      const symbol = length.symbols[code - length.first];
      if (symbol === undefined) continue;
      if (symbol === END_OF_STRING) violation('COMPRESSION_ERROR', 'a string holds the symbol of the end');
      octets[size] = symbol;
      size += 1;
      code = 0;
      bits = 0;
    }
  }
  if (bits > 7 || code !== 2 ** bits - 1) violation('COMPRESSION_ERROR', 'a string has wrong padding');
  return octets.toString('latin1', 0, size);
}
