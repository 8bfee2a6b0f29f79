/** The head of a request of HTTP/2 in the form that rules look at, which is that of HTTP/1.1 (RFC 9113 §8.3.1). */
import type { RequestHead } from '../http1/index.ts';
import type { HeaderField } from './header-field.ts';

const pseudoNames: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path', ':protocol']);

/**
 * Returns undefined for what two readers might take for different requests: a pseudo-header field that is unknown, given
 * twice, or behind a regular one, a name in upper case; and for extended CONNECT (RFC 8441), which is not offered.
 */
export function toRequestHead(fields: readonly HeaderField[]): RequestHead | undefined {
  const pseudo = new Map<string, string>();
  const regular: HeaderField[] = [];
  for (const field of fields) {
    const { name, value } = field;
    if (name.startsWith(':')) {
      if (regular.length > 0 || pseudo.has(name) || !pseudoNames.has(name)) return undefined;
      pseudo.set(name, value);
    } else if (name === '' || /[A-Z\0-\x20:\x7f-\xff]/.test(name)) return undefined;
    else regular.push(field);
  }
  const method = pseudo.get(':method');
  const authority = pseudo.get(':authority');
  const target = method === 'CONNECT' ? authority : pseudo.get(':path');
  if (method === undefined || target === undefined || pseudo.has(':protocol')) return undefined;
  const host = authority === undefined ? [] : [{ name: 'host', value: authority }];
  return { method, target, fields: [...host, ...regular] };
}
