/** A request's head as values, for whoever routes by it. As strict as the framer: what makes it opaque has no head here. */
import { fieldName, fieldNameBytes, fieldValue } from './fields.ts';
import { headLimitBytes } from './limits.ts';
import { LineReader } from './line-reader.ts';
import type { OpaqueReason } from './opaque.ts';
import { canStartRequestLine, parseRequestLine, requestTargetOf } from './start-line.ts';

export interface RequestHead {
  method: string;
  target: string;
  fields: readonly Field[];
}

export interface Field {
  /** In lower case. */
  name: string;
  /** Without the whitespace around it; each byte one character (ISO 8859-1). */
  value: string;
}

/**
 * Decodes the head at the start of `bytes`, of which nothing is kept. Returns undefined while its end has not come, and a
 * reason when these bytes are no head that the framer would understand line by line.
 */
export function decodeRequestHead(bytes: Buffer): RequestHead | OpaqueReason | undefined {
  const lines = new LineReader();
  lines.beginSection(headLimitBytes);
  const first = lines.read(bytes, 0);
  if (first === undefined) return canStartRequestLine(bytes) ? undefined : 'start-line';
  if (typeof first === 'string') return first;
  const requestLine = parseRequestLine(first);
  if (typeof requestLine === 'string') return requestLine;
  const fields: Field[] = [];
  for (;;) {
    const line = lines.read(bytes, lines.nextOffset);
    if (line === undefined || typeof line === 'string') return line;
    if (line.length === 0)
      return { method: requestLine.method, target: requestTargetOf(first, requestLine), fields };
    const nameBytes = fieldNameBytes(line);
    if (nameBytes === 0) return 'field-line';
    fields.push({ name: fieldName(line, nameBytes), value: fieldValue(line, nameBytes) });
  }
}
