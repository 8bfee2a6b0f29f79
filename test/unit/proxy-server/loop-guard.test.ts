import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { guardAgainstLoop } from '../../../src/proxy-server/loop-guard.ts';

const { signal } = new AbortController();
const stream = new Duplex();
const dialer = guardAgainstLoop({ dial: () => Promise.resolve(stream) }, () => ({
  host: '127.0.0.1',
  port: 1080,
}));

for (const host of [
  '127.0.0.1',
  '127.9.9.9',
  '::1',
  '::ffff:127.0.0.1',
  '0.0.0.0',
  '::',
  'localhost',
  'LOCALHOST.',
  'a.localhost',
]) {
  test(`${host} with the proxy's port is refused`, async () => {
    await assert.rejects(dialer.dial({ host, port: 1080 }, { signal }), { code: 'NET_DENIED' });
  });
}

for (const [host, port] of [
  ['127.0.0.1', 1081],
  ['10.0.0.1', 1080],
  ['shop', 1080],
  ['notlocalhost', 1080],
] as const) {
  test(`${host}:${String(port)} is dialled`, async () => {
    assert.equal(await dialer.dial({ host, port }, { signal }), stream);
  });
}
