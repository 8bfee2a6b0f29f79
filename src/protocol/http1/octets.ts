/** The character classes of RFC 9110 §5.6.2 and RFC 9112 §3, as one table of bits. */

export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

/** HTAB, SP, VCHAR or obs-text: all that a line can hold. */
export const TEXT = 1;
/** tchar: what a field name is made of. */
export const TOKEN = 2;
/**
 * tchar without lower-case letters. Methods are case-sensitive, but not every server knows that, and one that takes
 * `head` for HEAD sends no content where others do.
 */
export const METHOD = 4;
/** VCHAR: what a request target is made of. */
export const TARGET = 8;

const classes: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isText = byte === HTAB || (byte >= SP && byte !== 0x7f);
  const isVisible = byte > SP && byte < 0x7f;
  const character = String.fromCharCode(byte);
  const isToken = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character);
  const isMethod = isToken && !/[a-z]/.test(character);
  return (isText ? TEXT : 0) | (isToken ? TOKEN : 0) | (isMethod ? METHOD : 0) | (isVisible ? TARGET : 0);
});

/** Returns the index of the first byte from `start` that is not of the class, or `bytes.length`. */
export function skipClass(bytes: Buffer, start: number, octetClass: number): number {
  let index = start;
  while (index < bytes.length && ((classes[bytes[index] as number] as number) & octetClass) !== 0) index += 1;
  return index;
}
