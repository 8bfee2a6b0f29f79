/** Looks up the built-in types, parsed from their table when first asked for. */
import { builtInTypes } from './built-in-types.ts';

export type Scalar =
  'string' | 'boolean' | 'integer' | 'number' | 'time' | 'quantity' | 'intOrString' | 'bytes' | 'any';

export type TypeReference =
  | { is: 'scalar'; scalar: Scalar }
  | { is: 'list' | 'map'; of: TypeReference }
  | { is: 'struct'; name: string };

export interface Field {
  name: string;
  type: TypeReference;
  /** The strategies of strategic merge patches. */
  patch: readonly ('merge' | 'replace' | 'retainKeys')[];
  /** What tells the items of a list apart in a strategic merge patch. */
  mergeKey?: string;
  /** How server-side apply takes the list or map, where it is not the type's own way. */
  relation?: 'atomic' | 'set' | { keys: readonly string[] };
  /** In every object of the type, empty or not. */
  present: boolean;
  /** Zero, false and the empty string are values; otherwise they mean missing. */
  pointer: boolean;
}

export interface StructType {
  name: string;
  atomic: boolean;
  fields: ReadonlyMap<string, Field>;
  /** By number in protobuf: a field, or the name of a type whose fields are this one's. */
  numbers: ReadonlyMap<number, Field | string>;
}

const scalars: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'boolean',
  'integer',
  'number',
  'time',
  'quantity',
  'intOrString',
  'bytes',
  'any',
]);

let parsed: ReadonlyMap<string, StructType> | undefined;

/** @throws {Error} for a type that is not in the table: a mistake in this program */
export function structType(name: string): StructType {
  parsed ??= parse(builtInTypes);
  const type = parsed.get(name);
  if (type === undefined) throw new Error(`no type ${name}`);
  return type;
}

export function structTypes(): Iterable<StructType> {
  parsed ??= parse(builtInTypes);
  return parsed.values();
}

function parse(table: string): ReadonlyMap<string, StructType> {
  const types = new Map<string, StructType>();
  let fields = new Map<string, Field>();
  let numbers = new Map<number, Field | string>();
  for (const line of table.split('\n')) {
    if (line === '') continue;
    if (line.startsWith(' ')) {
      const number = Number(/ #(\d+)/.exec(line)?.[1] ?? 0);
      const inline = /^ +inline (\S+)/.exec(line)?.[1];
      const field = parseField(line.trim());
      if (inline === undefined) fields.set(field.name, field);
      if (number > 0) numbers.set(number, inline ?? field);
      continue;
    }
    const [name = '', atomic] = line.split(' ');
    fields = new Map();
    numbers = new Map();
    types.set(name, { name, atomic: atomic === 'atomic', fields, numbers });
  }
  return types;
}

function parseField(line: string): Field {
  const [name = '', type = '', ...words] = line.split(' ');
  const field: Field = {
    name,
    type: parseType(type),
    patch: [],
    present: words.includes('present'),
    pointer: words.includes('pointer'),
  };
  for (const word of words) {
    if (word.startsWith('patch=')) {
      const [strategies = '', mergeKey] = word.slice('patch='.length).split(':');
      field.patch = strategies.split(',') as Field['patch'];
      if (mergeKey !== undefined) field.mergeKey = mergeKey;
    } else if (word.startsWith('map=')) field.relation = { keys: word.slice('map='.length).split(',') };
    else if (word === 'atomic' || word === 'set') field.relation = word;
  }
  return field;
}

function parseType(text: string): TypeReference {
  if (text.startsWith('[')) return { is: 'list', of: parseType(text.slice(1, -1)) };
  if (text.startsWith('{')) return { is: 'map', of: parseType(text.slice(1, -1)) };
  if (scalars.has(text)) return { is: 'scalar', scalar: text as Scalar };
  return { is: 'struct', name: text };
}
