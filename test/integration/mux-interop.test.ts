/**
 * Our mux against `@chainsafe/libp2p-yamux` over TCP, each once as client and once as server.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it, type TestContext } from 'node:test';
import { nullLogger, systemClock } from '../../src/core/index.ts';
import { isToolError } from '../../src/errors/index.ts';
import { createMuxSession, type MuxSession } from '../../src/mux/index.ts';
import { createTcpCarriers } from '../support/carriers.ts';
import {
  createLibp2pMuxer,
  findCloseError,
  receiveAll,
  sendAll,
  type Libp2pMuxer,
  type Libp2pStream,
} from '../support/libp2p-yamux.ts';
import { findError, readAll, readText, until } from '../support/mux-pair.ts';

const bulkBytes = 10 * 1024 * 1024;

interface Pair {
  readonly ours: MuxSession;
  readonly theirs: Libp2pMuxer;
  /** The next stream that they opened. */
  readonly accept: () => Promise<Duplex>;
  /** Their end of the next stream that we opened, and all that it will have received. */
  readonly acceptTheirs: () => Promise<{ readonly far: Libp2pStream; readonly received: Promise<Buffer> }>;
}

function createQueue<T>(): { push: (item: T) => void; next: () => Promise<T> } {
  const items: T[] = [];
  return {
    push: (item): unknown => items.push(item),
    next: async (): Promise<T> => {
      await until(() => items.length > 0);
      return items.shift() as T;
    },
  };
}

async function start(context: TestContext, role: 'client' | 'server'): Promise<Pair> {
  const [near, far] = await createTcpCarriers();
  const [accepted, acceptedTheirs] = [
    createQueue<Duplex>(),
    createQueue<Awaited<ReturnType<Pair['acceptTheirs']>>>(),
  ];
  const theirs = createLibp2pMuxer({
    socket: far,
    role: role === 'client' ? 'server' : 'client',
    onStream: (far) => acceptedTheirs.push({ far, received: receiveAll(far) }),
  });
  const ours = createMuxSession({
    carrier: near,
    role,
    onStream: (stream) => accepted.push(stream.on('error', () => undefined)),
    clock: systemClock,
    logger: nullLogger,
  });
  context.after(async () => {
    ours.destroy();
    await ours.closed;
    far.destroy();
  });
  return { ours, theirs, accept: accepted.next, acceptTheirs: acceptedTheirs.next };
}

for (const role of ['client', 'server'] as const) {
  describe(`mux as ${role} with @chainsafe/libp2p-yamux`, () => {
    it('opens streams from both ends', async (context) => {
      const { ours, theirs, accept, acceptTheirs } = await start(context, role);
      const mine = ours.openStream();
      mine.end('from us');
      const { far, received } = await acceptTheirs();
      assert.equal((await received).toString(), 'from us');
      await far.close();
      assert.equal(await readText(mine), '');

      const foreign = await theirs.createStream();
      foreign.send(Buffer.from('from them'));
      await foreign.close();
      const foreignNear = await accept();
      assert.equal(await readText(foreignNear), 'from them');
      foreignNear.end();
      await until(() => ours.streamCount === 0 && theirs.streams.length === 0);
    });

    it('moves 10 MB each way at once', async (context) => {
      const { ours, acceptTheirs } = await start(context, role);
      const [outward, inward] = [randomBytes(bulkBytes), randomBytes(bulkBytes)];
      const mine = ours.openStream();
      const sent = pipeline(Readable.from([outward]), mine);
      const { far, received } = await acceptTheirs();
      const answered = sendAll(far, inward).then(() => far.close());
      const [theirBytes, ourBytes] = await Promise.all([received, readAll(mine), sent, answered]);
      assert.ok(theirBytes.equals(outward));
      assert.ok(ourBytes.equals(inward));
    });

    it('answers after they half-closed', async (context) => {
      const { theirs, accept } = await start(context, role);
      const foreign = await theirs.createStream();
      const answer = receiveAll(foreign);
      foreign.send(Buffer.from('request'));
      await foreign.close();
      const near = await accept();
      assert.equal(await readText(near), 'request');
      near.end('late answer');
      assert.equal((await answer).toString(), 'late answer');
    });

    it('hears their answer after we half-closed', async (context) => {
      const { ours, acceptTheirs } = await start(context, role);
      const mine = ours.openStream();
      mine.end('request');
      const { far, received } = await acceptTheirs();
      assert.equal((await received).toString(), 'request');
      far.send(Buffer.from('late answer'));
      await far.close();
      assert.equal(await readText(mine), 'late answer');
    });

    it('understands their reset', async (context) => {
      const { ours, acceptTheirs } = await start(context, role);
      const mine = ours.openStream();
      const error = findError(mine);
      mine.write('x');
      (await acceptTheirs()).far.abort(new Error('enough'));
      assert.ok(isToolError(await error, 'NET_RESET'));
      assert.equal(ours.streamCount, 0);
    });

    it('has its reset understood', async (context) => {
      const { theirs, accept } = await start(context, role);
      const foreign = await theirs.createStream();
      const error = findCloseError(foreign);
      (await accept()).destroy();
      assert.match((await error)?.message ?? '', /reset/);
    });

    it('holds back a writer whose reader is slow', async (context) => {
      const { theirs, accept } = await start(context, role);
      const foreign = await theirs.createStream();
      const bytes = randomBytes(1024 * 1024);
      const sent = sendAll(foreign, bytes).then(() => foreign.close());
      const near = await accept();
      await until(() => near.readableLength === 256 * 1024);
      assert.ok((await readAll(near)).equals(bytes));
      await sent;
    });

    it('exchanges pings', async (context) => {
      const { ours, theirs } = await start(context, role);
      assert.ok((await ours.ping({ signal: AbortSignal.timeout(5_000) })) > 0);
      assert.ok((await theirs.ping()) >= 0);
    });

    it('closes normally when they say go away', async (context) => {
      const { ours, theirs } = await start(context, role);
      await ours.ping({ signal: AbortSignal.timeout(5_000) });
      await theirs.close();
      await until(() => {
        try {
          ours.openStream().on('error', () => undefined);
          return false;
        } catch (error) {
          return isToolError(error, 'MUX_CLOSED');
        }
      });
    });

    it('has its go away understood', async (context) => {
      const { ours, theirs } = await start(context, role);
      const closing = ours.close();
      await until(() => theirs.status === 'closed');
      await closing;
      assert.equal(await ours.closed, undefined);
    });
  });
}
