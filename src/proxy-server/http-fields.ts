/** Which fields of an HTTP message a proxy passes on. RFC 9110 §7.6.1. */

/** Fields as Node gives them: name, value, name, value, …, with the case, order and repetition of the message. */
export type RawFields = readonly string[];

/** Always hop-by-hop; so is everything that starts with `Proxy-`, and what the Connection field names. */
const hopByHopFields: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Fields that a Connection field cannot remove: they say where the message goes and where it ends, and a client could
 * make the target see another message than the proxy did.
 */
const protectedFields: ReadonlySet<string> = new Set(['host', 'content-length']);

/** Fields that must not stand in a trailer section: framing, routing, and what belongs to the hop. @see RFC 9110 §6.5.1 */
const noTrailerFields: ReadonlySet<string> = new Set(['content-length', 'host', 'trailer']);

/** Returns the fields that go on, without hop-by-hop ones and those in `without` (lower case). */
export function toEndToEndFields(fields: RawFields, without: readonly string[] = []): string[] {
  const named = listConnectionOptions(fields).filter((option) => !protectedFields.has(option));
  const removed = new Set([...named, ...without]);
  return filterFields(fields, (name) => !isHopByHop(name) && !removed.has(name));
}

/** Returns the trailer fields that go on. */
export function toTrailerFields(fields: RawFields): string[] {
  return filterFields(fields, (name) => !isHopByHop(name) && !noTrailerFields.has(name));
}

/** Returns the options of all Connection fields, in lower case. */
export function listConnectionOptions(fields: RawFields): string[] {
  return listValues(fields, 'connection').flatMap((value) => {
    return value
      .split(',')
      .map((option) => option.trim().toLowerCase())
      .filter((option) => option !== '');
  });
}

/** Returns the values of every field called `name` (lower case). */
export function listValues(fields: RawFields, name: string): string[] {
  return toPairs(fields)
    .filter(([candidate]) => candidate.toLowerCase() === name)
    .map(([, value]) => value);
}

/** Pairs names with their values. */
export function toPairs(fields: RawFields): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    pairs.push([fields[index] ?? '', fields[index + 1] ?? '']);
  }
  return pairs;
}

function isHopByHop(name: string): boolean {
  return hopByHopFields.has(name) || name.startsWith('proxy-');
}

function filterFields(fields: RawFields, isKept: (name: string) => boolean): string[] {
  return toPairs(fields).flatMap(([name, value]) => (isKept(name.toLowerCase()) ? [name, value] : []));
}
