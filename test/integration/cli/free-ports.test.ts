import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { assertPortsFree } from '../../../cli/held/free-ports.ts';

test('assertPortsFree() names the port that somebody listens on, and leaves free ones free', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await assert.rejects(assertPortsFree('127.0.0.1', [port]), {
    code: 'LOCAL_PORT_IN_USE',
    message: new RegExp(String(port)),
  });

  server.close();
  await once(server, 'close');
  await assertPortsFree('127.0.0.1', [port]);
  const again = createServer().listen(port, '127.0.0.1');
  t.after(() => again.close());
  await once(again, 'listening');
});

test('assertPortsFree() leaves other failures to the local process', async () => {
  await assertPortsFree('192.0.2.1', [8080]);
});
