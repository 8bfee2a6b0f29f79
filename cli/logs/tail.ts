/** Reads the end of a file, and what is added to it. */
import { open, stat } from 'node:fs/promises';
import type { Clock } from '../../src/core/index.ts';
import { LineSplitter } from '../client/line-splitter.ts';

/** The file is read backwards in pieces of this size until enough lines are there. */
const CHUNK_BYTES: number = 64 * 1024;
const POLL_MS = 250;
/** An entry of a log is never so long; more means that the file is none. */
const LINE_LIMIT: number = 16 * 1024 * 1024;
const lineFeed = 10;

/** The last `count` lines of a file, and the offset at which reading on continues. Without the file: none. */
export async function readTail(path: string, count: number): Promise<{ lines: string[]; endOffset: number }> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return { lines: [], endOffset: 0 };
  try {
    const { size } = await file.stat();
    const chunks: Buffer[] = [];
    let start = size;
    // One line feed more than lines: the last line ends with one.
    for (let found = 0; start > 0 && found <= count;) {
      const length = Math.min(CHUNK_BYTES, start);
      start -= length;
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(length), position: start });
      chunks.unshift(buffer.subarray(0, bytesRead));
      found += countLineFeeds(buffer);
    }
    const text = Buffer.concat(chunks);
    // A line that is still being written comes with what follows.
    const endOfLines = text.lastIndexOf(lineFeed) + 1;
    const complete = text.subarray(0, endOfLines).toString('utf8');
    const lines = complete === '' ? [] : complete.slice(0, -1).split('\n').slice(-count);
    return { lines, endOffset: start + endOfLines };
  } finally {
    await file.close();
  }
}

function countLineFeeds(text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(lineFeed); at !== -1; at = text.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}

/** Yields the lines that are added after `offset`, until `signal` aborts. A new file under the name starts at 0. */
export async function* followFile(
  path: string,
  offset: number,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): AsyncGenerator<string, void, undefined> {
  let position = offset;
  let inode = (await stat(path).catch(() => undefined))?.ino;
  let splitter = new LineSplitter({ limit: LINE_LIMIT });
  while (!signal.aborted) {
    const now = await stat(path).catch(() => undefined);
    if (now !== undefined && (now.ino !== inode || now.size < position)) {
      position = 0;
      inode = now.ino;
      splitter = new LineSplitter({ limit: LINE_LIMIT });
    }
    if (now !== undefined && now.size > position) {
      const chunk = await readFrom(path, position);
      position += chunk.length;
      yield* splitter.push(chunk) ?? [];
    } else {
      await clock.sleep(POLL_MS, { signal }).catch(() => undefined);
    }
  }
}

async function readFrom(path: string, position: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(CHUNK_BYTES), position });
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
