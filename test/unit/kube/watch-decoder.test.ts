import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError } from '../../../src/errors/index.ts';
import { WatchDecoder, maximumEventLength } from '../../../src/kube/watch-decoder.ts';

const events = [
  { type: 'ADDED', object: { metadata: { name: 'größe' } } },
  { type: 'DELETED', object: { metadata: { name: 'b' } } },
];
const body = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));

test('events arrive whole wherever the network cuts them', () => {
  for (let at = 0; at <= body.length; at += 1) {
    const decoder = new WatchDecoder('https://cluster.example');
    const received = [...decoder.receive(body.subarray(0, at)), ...decoder.receive(body.subarray(at))];
    assert.deepEqual(received, events);
  }
});

test('an event without its end is kept back', () => {
  const decoder = new WatchDecoder('https://cluster.example');
  assert.deepEqual(decoder.receive(body.subarray(0, -1)), events.slice(0, 1));
  assert.deepEqual(decoder.receive(Buffer.from('\n')), events.slice(1));
});

test('empty lines mean nothing', () => {
  assert.deepEqual(new WatchDecoder('https://cluster.example').receive(Buffer.from('\n\n')), []);
});

test('what is no JSON, or grows without end, is refused', () => {
  const isRefused = (error: unknown): boolean => isToolError(error, 'KUBE_UNREACHABLE');
  const decoder = new WatchDecoder('https://cluster.example');
  assert.throws(() => decoder.receive(Buffer.from('<html>\n')), isRefused);
  const endless = Buffer.alloc(maximumEventLength + 1, 'x');
  assert.throws(() => new WatchDecoder('https://cluster.example').receive(endless), isRefused);
});
