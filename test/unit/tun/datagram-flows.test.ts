import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeferred, nullLogger } from '../../../src/core/index.ts';
import type { UdpAssociation } from '../../../src/net/index.ts';
import {
  createDatagramFlows,
  IDLE_MS,
  MAXIMUM_FLOWS,
  MAXIMUM_WAITING,
} from '../../../src/tun/datagram-flows.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const target = { host: '10.1.2.3', port: 53 };
const ignore = (): void => undefined;

function rig(associate?: () => Promise<UdpAssociation>) {
  const clock = createFakeClock();
  const released: number[] = [];
  const sent: string[] = [];
  let receive: (datagram: Buffer) => void = ignore;
  let open = 0;
  const association = (): Promise<UdpAssociation> => {
    open += 1;
    return Promise.resolve({
      send: (datagram) => sent.push(datagram.toString()),
      onDatagram: (listener) => {
        receive = listener;
      },
      close: () => (open -= 1),
      closed: new Promise<void>(() => undefined),
    });
  };
  const flows = createDatagramFlows({
    dialer: { associate: associate ?? association },
    release: (key) => released.push(key),
    clock,
    logger: nullLogger,
  });
  return {
    flows,
    clock,
    released,
    sent,
    receive: (text: string) => receive(Buffer.from(text)),
    open: () => open,
  };
}

test('datagrams go to one association, and its answers back', async () => {
  const { flows, clock, sent, receive, open } = rig();
  const answers: string[] = [];
  const reply = (datagram: Buffer): number => answers.push(datagram.toString());
  flows.send(1, target, Buffer.from('a'), reply);
  flows.send(1, target, Buffer.from('b'), reply);
  await clock.advance(0);
  receive('c');
  assert.deepEqual([sent, answers, open()], [['a', 'b'], ['c'], 1]);
  flows.close();
  assert.deepEqual([open(), clock.pendingTimers], [0, 0]);
});

test('an idle flow is released; a datagram in either direction keeps it', async () => {
  const { flows, clock, released, receive, open } = rig();
  flows.send(1, target, Buffer.from('a'), ignore);
  await clock.advance(IDLE_MS - 1);
  receive('b');
  await clock.advance(IDLE_MS - 1);
  assert.deepEqual(released, []);
  await clock.advance(1);
  assert.deepEqual([released, open()], [[1], 0]);
});

test('a full table lets the flow go that was idle longest', async () => {
  const { flows, clock, released } = rig();
  for (let key = 0; key < MAXIMUM_FLOWS; key += 1) flows.touch(key);
  flows.touch(0);
  flows.touch(MAXIMUM_FLOWS);
  assert.deepEqual(released, [1]);
  flows.close();
  await clock.advance(0);
  assert.equal(clock.pendingTimers, 0);
});

test('few datagrams wait for their association; one that comes too late is closed', async () => {
  const made = createDeferred<UdpAssociation>();
  const { flows, sent, clock } = rig(() => made.promise);
  for (let index = 0; index <= MAXIMUM_WAITING; index += 1) flows.send(1, target, Buffer.from('a'), ignore);
  let isClosed = false;
  flows.close();
  made.resolve({
    send: (datagram) => sent.push(datagram.toString()),
    onDatagram: ignore,
    close: () => {
      isClosed = true;
    },
    closed: Promise.resolve(),
  });
  await clock.advance(0);
  assert.deepEqual([sent, isClosed], [[], true]);
});

test('a refused association releases the flow', async () => {
  const { flows, clock, released } = rig(() => Promise.reject(new Error('no')));
  flows.send(7, target, Buffer.from('a'), ignore);
  await clock.advance(0);
  assert.deepEqual(released, [7]);
});
