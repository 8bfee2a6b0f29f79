import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeferred, nullLogger, type Deferred } from '../../../src/core/index.ts';
import { createError } from '../../../src/errors/index.ts';
import type { DatagramDialer, UdpAssociation } from '../../../src/net/index.ts';
import { UdpTargets } from '../../../src/proxy-server/udp-targets.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

class FakeAssociation implements UdpAssociation {
  readonly sent: string[] = [];
  isClosed = false;
  readonly #closed = createDeferred<undefined>();
  readonly closed: Promise<void> = this.#closed.promise;
  #listener: ((datagram: Buffer) => void) | undefined;

  send(datagram: Buffer): void {
    this.sent.push(datagram.toString());
  }

  onDatagram(listener: (datagram: Buffer) => void): void {
    this.#listener = listener;
  }

  receive(text: string): void {
    this.#listener?.(Buffer.from(text));
  }

  close(): void {
    this.isClosed = true;
    this.#closed.resolve(undefined);
  }
}

interface Dial {
  host: string;
  signal: AbortSignal;
  answer: Deferred<UdpAssociation>;
}

function createRig(): {
  targets: UdpTargets;
  clock: ReturnType<typeof createFakeClock>;
  dials: Dial[];
  received: string[];
  /** Lets the dial number `index` succeed. */
  accept: (index: number) => Promise<FakeAssociation>;
} {
  const clock = createFakeClock();
  const dials: Dial[] = [];
  const received: string[] = [];
  const datagramDialer: DatagramDialer = {
    associate({ host }, { signal }) {
      const answer = createDeferred<UdpAssociation>();
      dials.push({ host, signal, answer });
      return answer.promise;
    },
  };
  const targets = new UdpTargets({
    datagramDialer,
    clock,
    logger: nullLogger,
    onDatagram: ({ host, port }, datagram) => received.push(`${host}:${String(port)} ${datagram.toString()}`),
  });
  const accept = async (index: number): Promise<FakeAssociation> => {
    const association = new FakeAssociation();
    dials[index]?.answer.resolve(association);
    await clock.advance(0);
    return association;
  };
  return { targets, clock, dials, received, accept };
}

const dns = { host: 'dns', port: 53 };

test('datagrams wait for the dial and go out in order; answers carry their source', async () => {
  const { targets, dials, received, accept } = createRig();
  targets.send(dns, Buffer.from('one'));
  targets.send(dns, Buffer.from('two'));
  assert.equal(dials.length, 1);
  const association = await accept(0);
  targets.send(dns, Buffer.from('three'));
  assert.deepEqual(association.sent, ['one', 'two', 'three']);
  association.receive('answer');
  assert.deepEqual(received, ['dns:53 answer']);
});

test('no more than 16 datagrams wait for a dial', async () => {
  const { targets, accept } = createRig();
  for (let count = 0; count < 20; count += 1) targets.send(dns, Buffer.from(String(count)));
  assert.equal((await accept(0)).sent.length, 16);
});

test('a target is closed after 60 s of silence in both directions', async () => {
  const { targets, clock, accept } = createRig();
  targets.send(dns, Buffer.from('question'));
  const association = await accept(0);
  await clock.advance(59_999);
  association.receive('answer');
  await clock.advance(59_999);
  assert.equal(association.isClosed, false);
  await clock.advance(1);
  assert.equal(association.isClosed, true);
  assert.equal(targets.size, 0);
  assert.equal(clock.pendingTimers, 0);
});

test('a datagram after the silence dials again', async () => {
  const { targets, clock, dials, accept } = createRig();
  targets.send(dns, Buffer.from('question'));
  await accept(0);
  await clock.advance(60_000);
  targets.send(dns, Buffer.from('again'));
  assert.equal(dials.length, 2);
  assert.deepEqual((await accept(1)).sent, ['again']);
});

test('the 65th target takes the place of the one that was silent longest', async () => {
  const { targets, dials, accept } = createRig();
  for (let count = 0; count < 64; count += 1)
    targets.send({ host: `h${String(count)}`, port: 1 }, Buffer.alloc(1));
  const first = await accept(0);
  const second = await accept(1);
  targets.send({ host: 'h0', port: 1 }, Buffer.alloc(1));
  targets.send({ host: 'late', port: 1 }, Buffer.alloc(1));
  assert.equal(targets.size, 64);
  assert.equal(dials.length, 65);
  await accept(64);
  assert.equal(first.isClosed, false);
  assert.equal(second.isClosed, true);
});

test('a dial that fails leaves nothing behind', async () => {
  const { targets, clock, dials } = createRig();
  targets.send(dns, Buffer.from('question'));
  dials[0]?.answer.reject(createError('NET_NAME_NOT_FOUND', { name: 'dns' }));
  await clock.advance(0);
  assert.equal(targets.size, 0);
  assert.equal(clock.pendingTimers, 0);
});

test('a target that is closed from the other side leaves nothing behind', async () => {
  const { targets, clock, accept } = createRig();
  targets.send(dns, Buffer.from('question'));
  (await accept(0)).close();
  await clock.advance(0);
  assert.equal(targets.size, 0);
  assert.equal(clock.pendingTimers, 0);
});

test('close() closes targets, and those that are being dialled', async () => {
  const { targets, clock, dials, accept } = createRig();
  targets.send(dns, Buffer.from('question'));
  targets.send({ host: 'slow', port: 1 }, Buffer.from('question'));
  const association = await accept(0);
  targets.close();
  await clock.advance(0);
  assert.equal(association.isClosed, true);
  assert.equal(dials[1]?.signal.aborted, true);
  // The dialer may succeed all the same.
  assert.equal((await accept(1)).isClosed, true);
  assert.equal(clock.pendingTimers, 0);
});
