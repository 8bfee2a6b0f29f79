/**
 * What following an HTTP/1.1 connection costs, in bytes per second of content and in heads per second. No test: run it
 * with `npx tsc -b && node dist/test/bench/http1.js`.
 */
import { ExchangeFramer } from '../../src/protocol/http1/index.ts';

const DURATION_MS = 1500;
const CHUNK_BYTES = 64 * 1024;

const request = Buffer.from(
  [
    'GET /api/v1/products?category=tools&page=3 HTTP/1.1',
    'Host: shop.default.svc.cluster.local',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    'Accept: application/json, text/plain, */*',
    'Accept-Language: en-US,en;q=0.5',
    'Accept-Encoding: gzip, deflate, br',
    'Connection: keep-alive',
    'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark',
    'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '\r\n',
  ].join('\r\n'),
);
const response = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'Date: Mon, 01 Jun 2026 00:00:00 GMT',
    'Content-Type: application/json; charset=utf-8',
    'Content-Length: 0',
    'Cache-Control: no-store',
    'Connection: keep-alive',
    'Keep-Alive: timeout=5',
    '\r\n',
  ].join('\r\n'),
);

/** Runs `work` for a while; returns how often it ran per second of this process's CPU time. */
function measure(work: () => void): number {
  for (let warmUp = 0; warmUp < 2000; warmUp += 1) work();
  const start = process.cpuUsage();
  let runs = 0;
  let elapsedMs = 0;
  while (elapsedMs < DURATION_MS) {
    for (let i = 0; i < 100; i += 1) work();
    runs += 100;
    const { user, system } = process.cpuUsage(start);
    elapsedMs = (user + system) / 1000;
  }
  return (runs * 1000) / elapsedMs;
}

function measureExchanges(): number {
  const framer = new ExchangeFramer();
  return measure(() => {
    framer.observeClient(request, 0);
    framer.observeTarget(response);
  });
}

function measureContent(head: string, chunk: Buffer): number {
  const framer = new ExchangeFramer();
  framer.observeClient(request, 0);
  framer.observeTarget(Buffer.from(head));
  return measure(() => {
    framer.observeTarget(chunk);
  });
}

function print(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(44)} ${value}\n`);
}

const sized = measureContent(
  'HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\n',
  Buffer.alloc(CHUNK_BYTES),
);
print('content with a length, 64 KiB reads', `${((sized * CHUNK_BYTES) / 1e9).toFixed(1)} GB/s`);
for (const chunkBytes of [16 * 1024, 1024]) {
  const size = chunkBytes.toString(16);
  const chunk = Buffer.from(`${size}\r\n${'x'.repeat(chunkBytes)}\r\n`.repeat(CHUNK_BYTES / chunkBytes));
  const rate = measureContent('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', chunk);
  print(
    `chunked content, chunks of ${chunkBytes / 1024} KiB, 64 KiB reads`,
    `${((rate * CHUNK_BYTES) / 1e9).toFixed(1)} GB/s`,
  );
}
const exchanges = measureExchanges();
print(
  `heads (${request.length} and ${response.length} bytes)`,
  `${Math.round((2 * exchanges) / 1000)} thousand/s`,
);
