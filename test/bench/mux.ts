/**
 * Measures the mux with both ends in this process: `node dist/test/bench/mux.js [seconds per measurement]`. Not a test.
 *
 * Throughput of one and of eight bulk streams, in MB/s (10^6 bytes), over a pair of Duplexes in memory and over TCP on
 * loopback, with the bare carrier for comparison. Over TCP also the round trip of a 100-byte request, alone and beside a
 * bulk stream, and streams opened, used for one request and closed per second. (In memory nothing ever waits for I/O, so
 * a bulk stream there lets no other turn of the event loop come.)
 */
import { once } from 'node:events';
import { Writable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { nullLogger, systemClock } from '../../src/core/index.ts';
import { createMuxSession } from '../../src/mux/index.ts';
import { createMemoryCarriers, createTcpCarriers, type CarrierPair } from '../support/carriers.ts';

const seconds = Number(process.argv[2] ?? 2);
const chunk = Buffer.alloc(64 * 1024, 'x');

/** Writes to `stream` as fast as it takes for the time of a measurement, then ends it. */
async function pour(stream: Duplex): Promise<void> {
  const deadlineMs = performance.now() + seconds * 1_000;
  while (performance.now() < deadlineMs) if (!stream.write(chunk)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'finish');
}

async function measureThroughput(targets: readonly Duplex[], received: () => number): Promise<string> {
  const [startMs, startBytes] = [performance.now(), received()];
  await Promise.all(targets.map(pour));
  const elapsedMs = performance.now() - startMs;
  return `${((received() - startBytes) / elapsedMs / 1e3).toFixed(0)} MB/s`;
}

async function measureLatency(stream: Duplex): Promise<string> {
  const request = Buffer.alloc(100, 'r');
  const deadlineMs = performance.now() + seconds * 1_000;
  const timesMs: number[] = [];
  while (performance.now() < deadlineMs) {
    const startMs = performance.now();
    stream.write(request);
    await once(stream, 'data');
    timesMs.push(performance.now() - startMs);
  }
  timesMs.sort((a, b) => a - b);
  const at = (share: number): string => (timesMs[Math.floor(timesMs.length * share)] ?? NaN).toFixed(3);
  return `median ${at(0.5)} ms, 99 % ${at(0.99)} ms`;
}

async function measureStreams(open: () => Duplex): Promise<string> {
  const deadlineMs = performance.now() + seconds * 1_000;
  let count = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < deadlineMs) {
      const stream = open().resume();
      stream.end();
      await once(stream, 'close');
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  return `${(count / seconds).toFixed(0)} per second`;
}

/** Starts two sessions. The first byte of a stream says what the far end does with it: `s` swallows, `e` echoes. */
function createSessions([near, far]: CarrierPair): {
  open: (kind: 's' | 'e') => Duplex;
  received: () => number;
  end: () => void;
} {
  let receivedBytes = 0;
  const serve = (stream: Duplex): void => {
    stream.once('data', (first: Buffer) => {
      const isEcho = first.toString('latin1', 0, 1) === 'e';
      if (!isEcho) stream.end();
      const target = isEcho ? stream : createSink((sizeBytes) => (receivedBytes += sizeBytes));
      void pipeline(stream, target).catch(() => undefined);
    });
  };
  const shared = { clock: systemClock, logger: nullLogger, onStream: serve };
  const server = createMuxSession({ ...shared, carrier: far, role: 'server' });
  const client = createMuxSession({ ...shared, carrier: near, role: 'client' });
  return {
    open: (kind): Duplex => {
      const stream = client.openStream().on('error', () => undefined);
      stream.write(kind);
      return stream;
    },
    received: (): number => receivedBytes,
    end: (): void => {
      client.destroy();
      server.destroy();
    },
  };
}

function createSink(onBytes: (sizeBytes: number) => void): Writable {
  return new Writable({
    highWaterMark: 256 * 1024,
    write(bytes: Buffer, _encoding, callback): void {
      onBytes(bytes.length);
      callback();
    },
  });
}

async function measureBare([near, far]: CarrierPair): Promise<string> {
  let bytes = 0;
  far.on('data', (data: Buffer) => (bytes += data.length));
  const result = await measureThroughput([near], () => bytes);
  far.destroy();
  near.destroy();
  return result;
}

function print(what: string, result: string): void {
  process.stdout.write(`${what.padEnd(28)} ${result}\n`);
}

const memory = createSessions(createMemoryCarriers());
print('memory: one stream', await measureThroughput([memory.open('s')], memory.received));
const eight = Array.from({ length: 8 }, () => memory.open('s'));
print('memory: eight streams', await measureThroughput(eight, memory.received));
memory.end();

print('tcp: bare carrier', await measureBare(await createTcpCarriers()));
const tcp = createSessions(await createTcpCarriers());
print('tcp: one stream', await measureThroughput([tcp.open('s')], tcp.received));
const tcpEight = Array.from({ length: 8 }, () => tcp.open('s'));
print('tcp: eight streams', await measureThroughput(tcpEight, tcp.received));
const echo = tcp.open('e');
print('tcp: request alone', await measureLatency(echo));
const bulk = pour(tcp.open('s'));
print('tcp: request beside bulk', await measureLatency(echo));
await bulk;
print('tcp: short streams', await measureStreams(() => tcp.open('e')));
tcp.end();
