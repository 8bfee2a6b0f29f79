import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToolError, type ErrorCode } from '../../../../src/errors/index.ts';
import { StreamTable, type Role } from '../../../../src/protocol/yamux/stream-table.ts';

function createTable(role: Role, maximumStreams = 2): StreamTable {
  return new StreamTable(role, {
    maximumStreams,
    maximumWindowBytes: 1,
    sessionWindowGrowthBytes: 0,
    heartbeatMs: 1,
    silenceMs: 1,
  });
}

function withCode(code: ErrorCode): (error: unknown) => boolean {
  return (error) => isToolError(error, code);
}

test('the client numbers its streams with odd ids, the server with even ones', () => {
  const client = createTable('client');
  const server = createTable('server');
  assert.deepEqual([client.open(0).id, client.open(0).id], [1, 3]);
  assert.deepEqual([server.open(0).id, server.open(0).id], [2, 4]);
});

test('an id is not used again after its stream is gone', () => {
  const table = createTable('client');
  table.delete(table.open(0));
  assert.equal(table.open(0).id, 3);
  assert.equal(table.size, 1);
});

test('the limit holds for each end separately, and for open streams only', () => {
  const table = createTable('client');
  const first = table.open(0);
  table.open(0);
  assert.throws(() => table.open(0), withCode('MUX_STREAM_LIMIT'));
  assert.equal(table.accept(2, 0)?.id, 2);
  assert.equal(table.accept(4, 0)?.id, 4);
  assert.equal(table.accept(6, 0), undefined);
  table.delete(first);
  assert.equal(table.open(0).id, 5);
  assert.equal(table.size, 4);
});

test('the other end may not use our ids', () => {
  assert.throws(() => createTable('client').announce(1), withCode('MUX_PROTOCOL'));
  assert.throws(() => createTable('server').announce(2), withCode('MUX_PROTOCOL'));
});

test('the other end may not open an open stream', () => {
  const table = createTable('client');
  table.announce(2);
  table.accept(2, 0);
  assert.throws(() => table.announce(2), withCode('MUX_PROTOCOL'));
});

test('wasOpened() remembers the streams of both ends', () => {
  const table = createTable('client');
  assert.equal(table.wasOpened(1), false);
  assert.equal(table.wasOpened(4), false);
  table.delete(table.open(0));
  table.announce(4);
  assert.equal(table.wasOpened(1), true);
  assert.equal(table.wasOpened(3), false);
  assert.equal(table.wasOpened(4), true);
  assert.equal(table.wasOpened(6), false);
});

test('clear() forgets all streams', () => {
  const table = createTable('client');
  table.open(0);
  table.accept(2, 0);
  table.clear();
  assert.equal(table.size, 0);
  assert.equal(table.get(1), undefined);
  assert.equal(table.open(0).id, 3);
});
