import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Dialer } from '../../../src/net/index.ts';
import { dialForClient } from '../../../src/proxy-server/dial-for-client.ts';

const target = { host: 'shop', port: 80 };

/** Dials for ever, until its signal aborts. */
const patientDialer: Dialer = {
  dial: (_target, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      if (signal.aborted) reject(signal.reason as Error);
    }),
};

test('the dial ends when the client goes away', async () => {
  const client = new PassThrough();
  const { signal } = new AbortController();
  const dial = dialForClient({ client, target, dialer: patientDialer, signal });
  client.destroy();
  await assert.rejects(dial, { name: 'AbortError' });
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('the dial ends when the server is closed', async () => {
  const client = new PassThrough();
  const lifetime = new AbortController();
  const dial = dialForClient({ client, target, dialer: patientDialer, signal: lifetime.signal });
  lifetime.abort();
  await assert.rejects(dial, { name: 'AbortError' });
  assert.equal(client.listenerCount('close'), 0);
});

test('a client that is gone already is not dialled for', async () => {
  const client = new PassThrough();
  client.destroy();
  const { signal } = new AbortController();
  await assert.rejects(dialForClient({ client, target, dialer: patientDialer, signal }), {
    name: 'AbortError',
  });
});

test('a successful dial leaves no listener behind', async () => {
  const client = new PassThrough();
  const stream = new PassThrough();
  const { signal } = new AbortController();
  const dialer: Dialer = { dial: () => Promise.resolve(stream) };
  assert.equal(await dialForClient({ client, target, dialer, signal }), stream);
  assert.equal(client.listenerCount('close'), 0);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});
