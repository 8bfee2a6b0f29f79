/** Asks the demo's shop, and draws the path that a request took. */
import { request } from 'node:http';
import type { Clock } from '../../src/core/index.ts';
import { raise } from '../../src/errors/index.ts';
import { oneLine } from '../output/text.ts';

export interface ShopAnswer {
  service: string;
  /** Who answered for it. */
  by: string;
  calls: ShopAnswer[];
}

export interface AskOptions {
  clock: Clock;
  signal: AbortSignal;
  timeoutMs: number;
}

const RETRY_MS = 200;

/**
 * One answer of the shop; asked again while its pods are still starting.
 * @throws {NET_TIMEOUT}
 */
export async function askShop(
  url: string,
  headers: Readonly<Record<string, string>>,
  { clock, signal, timeoutMs }: AskOptions,
): Promise<ShopAnswer> {
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  for (;;) {
    const answer = await get(url, headers, signal).catch(() => undefined);
    if (answer !== undefined) return answer;
    if (clock.monotonicMs() > deadlineMs) raise('NET_TIMEOUT', { target: url, seconds: timeoutMs / 1000 });
    await clock.sleep(RETRY_MS, { signal });
  }
}

function get(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ShopAnswer | undefined> {
  return new Promise((resolve, reject) => {
    // A connection of its own each: who answers is decided anew.
    const asked = request(url, { headers: { ...headers, connection: 'close' }, signal, agent: false });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve(response.statusCode === 200 ? (JSON.parse(text) as ShopAnswer) : undefined);
      });
    });
    asked.end();
  });
}

/** One line for each service, below the one that asked it. */
export function formatPath(answer: ShopAnswer, depth = 0): string {
  const line = `${'  '.repeat(depth + 1)}${depth === 0 ? '' : '-> '}${oneLine(answer.service)}: ${oneLine(answer.by)}\n`;
  return line + answer.calls.map((call) => formatPath(call, depth + 1)).join('');
}
