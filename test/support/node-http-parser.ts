/** Node's own HTTP/1 parser (llhttp) as a second opinion on where messages end. */
import { createRequire } from 'node:module';

/** As much of the internal class as is used here, the same in Node 20 to 24. */
interface Parser {
  [callback: number]: (...values: unknown[]) => number | undefined;
  initialize(type: number, resource: object): void;
  execute(bytes: Buffer): number | Error;
}
interface ParserClass {
  new (): Parser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeadersComplete: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser } = createRequire(import.meta.url)('_http_common') as { HTTPParser: ParserClass };

export interface ParsedByNode {
  /** Offsets behind the last byte of each message; interim responses (1xx) are none of their own. */
  ends: number[];
  /** Offset of the byte that the parser refused, if it did. */
  refusedAt: number | undefined;
}

/** @param options.headResponses tells for each response, by its number, whether it answers a HEAD request */
export function parseWithNode(
  bytes: Buffer,
  { kind, isToHead = () => false }: { kind: 'requests' | 'responses'; isToHead?: (index: number) => boolean },
): ParsedByNode {
  const ends: number[] = [];
  const parser = new HTTPParser();
  let status = 200;
  let completed = 0;
  parser[HTTPParser.kOnHeadersComplete] = (...values): number => {
    if (kind === 'responses') status = values[5] as number;
    return kind === 'responses' && isToHead(ends.length) ? 1 : 0;
  };
  parser[HTTPParser.kOnMessageComplete] = (): undefined => {
    if (status >= 200) completed += 1;
  };
  parser.initialize(kind === 'requests' ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {});
  // One byte at a time, so that the offset of an event is known.
  for (let offset = 0; offset < bytes.length; offset += 1) {
    const result = parser.execute(bytes.subarray(offset, offset + 1));
    if (result !== 1) return { ends, refusedAt: offset };
    if (completed > ends.length) ends.push(offset + 1);
  }
  return { ends, refusedAt: undefined };
}
