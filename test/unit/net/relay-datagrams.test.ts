import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { createStreamAssociation, relayDatagrams, type UdpAssociation } from '../../../src/net/index.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { waitFor } from '../../support/sockets.ts';

/** Two outer associations joined by a relay between two inner ones. */
function createRig(): {
  left: UdpAssociation;
  right: UdpAssociation;
  controller: AbortController;
  done: Promise<void>;
} {
  const [west, east] = [createDuplexPair(), createDuplexPair()];
  const controller = new AbortController();
  const done = relayDatagrams(createStreamAssociation(west.b), createStreamAssociation(east.a), controller);
  return { left: createStreamAssociation(west.a), right: createStreamAssociation(east.b), controller, done };
}

test('relayDatagrams() passes datagrams both ways', async () => {
  const { left, right } = createRig();
  const received: string[] = [];
  right.onDatagram((datagram) => right.send(Buffer.from(`re: ${datagram.toString()}`)));
  left.onDatagram((datagram) => received.push(datagram.toString()));
  left.send(Buffer.from('ping'));
  await waitFor('the answer', () => received.length > 0);
  assert.deepEqual(received, ['re: ping']);
});

test('relayDatagrams() closes one association when the other is closed', async () => {
  const { left, right, controller, done } = createRig();
  left.close();
  await Promise.all([right.closed, done]);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test('relayDatagrams() closes both when the signal aborts', async () => {
  const { left, right, controller, done } = createRig();
  controller.abort();
  await Promise.all([left.closed, right.closed, done]);
});
