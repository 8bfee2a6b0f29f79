/** A field line or pseudo-header field of HTTP/2. */
export interface HeaderField {
  name: string;
  /** Each octet one character (ISO 8859-1). */
  value: string;
  /** Whoever passes it on must not let it be indexed either, RFC 7541 §6.2.3. */
  isNeverIndexed?: true;
}

/** What a field counts in a table and in a list, RFC 7541 §4.1 and RFC 9113 §6.5.2. */
export function sizeOfField({ name, value }: HeaderField): number {
  return name.length + value.length + 32;
}
