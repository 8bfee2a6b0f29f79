/**
 * What every {@link MuxSession} promises, whatever carries it. Run by `mux-session.test.ts` for each kind of carrier.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable, type Duplex } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { describe, it, type TestContext } from 'node:test';
import { isToolError } from '../../src/errors/index.ts';
import type { CarrierPair } from '../support/carriers.ts';
import {
  createMuxPair,
  findError,
  readAll,
  readText,
  until,
  type MuxPair,
  type MuxPairOptions,
} from '../support/mux-pair.ts';

const KiB = 1024;

export interface MuxContractOptions {
  readonly createCarriers: () => CarrierPair | Promise<CarrierPair>;
  /** How many bytes a bulk transfer has: slow carriers get fewer. */
  readonly bulkBytes: number;
}

export function testMuxSession(name: string, { createCarriers, bulkBytes }: MuxContractOptions): void {
  /** Starts two sessions that end with the test. */
  async function start(
    context: TestContext,
    options: Omit<MuxPairOptions, 'carriers'> = {},
  ): Promise<MuxPair> {
    const pair = createMuxPair({ carriers: await createCarriers(), ...options });
    context.after(async () => {
      pair.client.destroy();
      pair.server.destroy();
      await Promise.all([pair.client.closed, pair.server.closed]);
    });
    return pair;
  }

  const echo = (stream: Duplex): void => void pipeline(stream, stream).catch(() => undefined);

  describe(`a mux session over ${name}`, () => {
    it('carries a request and its answer', async (context) => {
      const { open } = await start(context, { onStream: echo });
      const stream = open();
      stream.end('hello');
      assert.equal(await readText(stream), 'hello');
    });

    it('opens streams from both ends', async (context) => {
      const { server, open, accept } = await start(context);
      open().write('from the client');
      const accepted = await accept();
      assert.equal(String((await once(accepted, 'data'))[0]), 'from the client');
      // The client refuses what the server opens, so the RST shows that it arrived.
      const refused = server.openStream();
      assert.ok(isToolError(await findError(refused), 'NET_RESET'));
    });

    it('shows a stream to the other end before any data', async (context) => {
      const { open, accept } = await start(context);
      const stream = open();
      (await accept()).end('server speaks first');
      assert.equal(await readText(stream), 'server speaks first');
    });

    it('delivers a late answer after half-close', async (context) => {
      const { client, open, accept } = await start(context);
      const stream = open();
      stream.end('request');
      const accepted = await accept();
      assert.equal(await readText(accepted), 'request');
      // A round trip later, so that the FIN is not just on its way.
      await client.ping({ signal: AbortSignal.timeout(5_000) });
      assert.equal(accepted.writable, true);
      accepted.end('late answer');
      assert.equal(await readText(stream), 'late answer');
      await until(() => client.streamCount === 0);
    });

    it('moves bulk data both ways at once without a byte changed', async (context) => {
      const { open, accept } = await start(context);
      const sent = [randomBytes(bulkBytes), randomBytes(bulkBytes)] as const;
      const stream = open();
      const outward = pipeline(Readable.from(pieces(sent[0])), stream);
      const accepted = await accept();
      const inward = pipeline(Readable.from(pieces(sent[1])), accepted);
      const received = await Promise.all([readAll(accepted), readAll(stream), outward, inward]);
      assert.equal(digest(received[0]), digest(sent[0]));
      assert.equal(digest(received[1]), digest(sent[1]));
    });

    it('passes a reset on', async (context) => {
      const { client, server, open, accept } = await start(context);
      const stream = open();
      stream.write('x');
      const accepted = await accept();
      const error = findError(accepted);
      stream.destroy(new Error('enough'));
      assert.ok(isToolError(await error, 'NET_RESET'));
      assert.equal(accepted.destroyed, true);
      assert.deepEqual([client.streamCount, server.streamCount], [0, 0]);
    });

    it('tells the writer of a reset that comes while it waits', async (context) => {
      const { open, accept } = await start(context);
      const stream = open();
      const error = findError(stream);
      const written = new Promise<unknown>((resolve) => {
        stream.write(Buffer.alloc(1024 * KiB), resolve);
      });
      const accepted = await accept();
      accepted.destroy();
      assert.ok(isToolError(await error, 'NET_RESET'));
      assert.ok(isToolError(await written, 'NET_RESET'));
    });

    it('refuses streams beyond the limit', async (context) => {
      const { client, open } = await start(context, { limits: { maximumStreams: 2 } });
      open();
      open();
      assert.throws(
        () => client.openStream(),
        (error) => isToolError(error, 'MUX_STREAM_LIMIT'),
      );
    });

    it('stalls only the stream whose reader is slow, with bounded memory', async (context) => {
      const { open, accept } = await start(context);
      const slow = open();
      let writtenBytes = 0;
      const piece = Buffer.alloc(16 * KiB, 's');
      const fill = (): void => {
        while (slow.write(piece)) writtenBytes += piece.length;
        writtenBytes += piece.length;
      };
      slow.on('drain', fill);
      fill();
      const accepted = await accept();
      await until(() => accepted.readableLength === 256 * KiB);
      const fast = open();
      fast.end(Buffer.alloc(bulkBytes, 'f'));
      const fastAccepted = await accept();
      fastAccepted.end();
      assert.equal((await readAll(fastAccepted)).length, bulkBytes);
      fast.resume();
      assert.equal(accepted.readableLength, 256 * KiB);
      // Window and write buffer, and the write that filled it.
      assert.ok(writtenBytes <= 256 * KiB + slow.writableHighWaterMark + 2 * piece.length, `${writtenBytes}`);
      slow.off('drain', fill);
      slow.end();
      accepted.end();
      slow.resume();
      assert.equal((await readAll(accepted)).length, writtenBytes);
    });

    it('answers a small request beside bulk transfers', async (context) => {
      const { open, accept } = await start(context);
      const bulk = [open(), open()];
      const sources = bulk.map((stream) => pipeline(Readable.from(pieces(Buffer.alloc(bulkBytes))), stream));
      const sinks = [await accept(), await accept()].map((stream) => finished(stream.resume().end()));
      const small = open();
      small.end('ping');
      echo(await accept());
      assert.equal(await readText(small), 'ping');
      for (const stream of bulk) stream.resume();
      await Promise.all([...sources, ...sinks]);
    });

    it('carries a thousand streams at once and forgets them', async (context) => {
      const { client, server, open } = await start(context, { onStream: echo });
      const answers = Array.from({ length: 1_000 }, async (_, index) => {
        const stream = open();
        stream.end(`request ${index}`);
        assert.equal(await readText(stream), `request ${index}`);
      });
      assert.equal(client.streamCount, 1_000);
      await Promise.all(answers);
      await until(() => client.streamCount === 0 && server.streamCount === 0);
    });

    it('measures the round trip', async (context) => {
      const { client, server } = await start(context);
      const signal = AbortSignal.timeout(5_000);
      const [outward, inward] = await Promise.all([client.ping({ signal }), server.ping({ signal })]);
      assert.ok(outward > 0 && inward > 0);
      assert.equal(client.roundTripMs, outward);
    });

    it('closes after its open streams have ended', async (context) => {
      const { client, server, open, accept } = await start(context);
      const stream = open();
      stream.write('request');
      const accepted = await accept();
      const closing = server.close();
      // The first may be under way since before, the second shows that the go away has arrived.
      await server.ping({ signal: AbortSignal.timeout(5_000) });
      await server.ping({ signal: AbortSignal.timeout(5_000) });
      assert.throws(
        () => client.openStream(),
        (error) => isToolError(error, 'MUX_CLOSED'),
      );
      stream.end(' and end');
      assert.equal(await readText(accepted), 'request and end');
      accepted.end('answer');
      assert.equal(await readText(stream), 'answer');
      await closing;
      assert.deepEqual(await Promise.all([client.closed, server.closed]), [undefined, undefined]);
    });

    it('closes when both ends close at once', async (context) => {
      const { client, server } = await start(context);
      await Promise.all([client.close(), server.close(), client.close()]);
      assert.deepEqual(await Promise.all([client.closed, server.closed]), [undefined, undefined]);
    });

    it('ends all streams of both ends when it is destroyed', async (context) => {
      const { client, server, open, accept } = await start(context);
      const stream = open();
      stream.write('x');
      const accepted = await accept();
      const errors = [findError(stream), findError(accepted)];
      const reason = new Error('enough');
      client.destroy(reason);
      client.destroy();
      assert.equal(await errors[0], reason);
      assert.ok(isToolError(await errors[1]));
      assert.equal(await client.closed, reason);
      assert.ok(isToolError(await server.closed, 'TUNNEL_LOST'));
      assert.throws(
        () => client.openStream(),
        (error) => isToolError(error, 'MUX_CLOSED'),
      );
    });

    it('keeps what a stream received in full when the session ends', async (context) => {
      const { client, server, open, accept } = await start(context);
      const stream = open();
      stream.end();
      const accepted = await accept();
      accepted.resume().end('all of it');
      await until(() => client.streamCount === 0 && server.streamCount === 0);
      client.destroy();
      await client.closed;
      assert.equal(await readText(stream), 'all of it');
    });
  });
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += 50_000) yield bytes.subarray(offset, offset + 50_000);
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
