/** Request heads, as HTTP/1.1 writes them and as values. */
import { decodeRequestHead, type RequestHead } from '../../src/protocol/http1/index.ts';

/** The head of `GET TARGET` with these field lines. */
export function headText(target: string, ...lines: string[]): string {
  return `${[`GET ${target} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}

export function head(target: string, ...lines: string[]): RequestHead {
  const decoded = decodeRequestHead(Buffer.from(headText(target, ...lines), 'latin1'));
  if (typeof decoded !== 'object') throw new Error(`no head: ${String(decoded)}`);
  return decoded;
}
