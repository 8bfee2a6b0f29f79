import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { API_VERSION, VERSION, type ApiLine } from '../../../src/contract/index.ts';
import { createDeferred, nullLogger, type Logger } from '../../../src/core/index.ts';
import {
  CLOSE_TIMEOUT_MS,
  MAX_CONNECTIONS,
  startApiServer,
  type ApiServer,
  type OperationHandlers,
} from '../../../src/daemon/api-server.ts';
import { BODY_LIMIT_BYTES } from '../../../src/daemon/api-request.ts';
import { createError } from '../../../src/errors/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeOperations } from '../../support/fake-operations.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

interface Server extends ApiServer {
  socketPath: string;
}

async function serve(
  t: TestContext,
  handlers: Partial<OperationHandlers> = {},
  logger: Logger = nullLogger,
): Promise<Server> {
  const socketPath = join(await createTemporaryFolder(t), 'daemon.sock');
  const server = await startApiServer({ socketPath, operations: createFakeOperations(handlers), logger });
  t.after(() => server.close());
  return { ...server, socketPath };
}

interface Call {
  method?: string;
  path?: string;
  body?: string;
  headers?: Record<string, string>;
}

async function open({ socketPath }: Server, call: Call): Promise<IncomingMessage> {
  const { method = 'POST', path = '/v1/status', body = '{}', headers = {} } = call;
  const outgoing = request({ socketPath, method, path, headers, agent: false });
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return incoming;
}

async function call(server: Server, options: Call): Promise<{ status: number; lines: ApiLine[] }> {
  const incoming = await open(server, options);
  const body = await text(incoming);
  const lines = body.split('\n').filter((line) => line !== '');
  return { status: incoming.statusCode ?? 0, lines: lines.map((line) => JSON.parse(line) as ApiLine) };
}

function errorOf(lines: ApiLine[]): { code: string; message: string } {
  const last = lines.at(-1);
  assert.ok(last !== undefined && 'error' in last, JSON.stringify(lines));
  return last.error;
}

/** A logger that keeps everything as text, to see what must not be in it. */
function recordingLogger(): { logger: Logger; text: () => string } {
  const entries: unknown[] = [];
  const keep = (...entry: unknown[]): void => {
    entries.push(entry);
  };
  const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger };
  return { logger, text: () => JSON.stringify(entries) };
}

const connection = { environment: { SECRET: 'hunter2' }, workingDirectory: '/' };
const list = { path: '/v1/list', body: JSON.stringify({ connection }) };

test('startApiServer() answers with one result line and its versions', async (t) => {
  const server = await serve(t);
  const incoming = await open(server, {});
  assert.equal(incoming.headers['tp-api-version'], String(API_VERSION));
  assert.equal(incoming.headers['tp-version'], VERSION);
  assert.equal(incoming.headers['content-type'], 'application/x-ndjson');
  const [line, rest] = (await text(incoming)).split('\n');
  assert.equal((JSON.parse(line ?? '') as { result: { version: string } }).result.version, VERSION);
  assert.equal(rest, '');
});

test('progress lines come before the result', async (t) => {
  const server = await serve(t, {
    list: (_request, { onProgress }) => {
      onProgress({ step: 'a', message: 'one' });
      onProgress({ step: 'a', message: 'two' });
      return Promise.resolve({ result: [] });
    },
  });
  assert.deepEqual(await call(server, list), {
    status: 200,
    lines: [
      { progress: { step: 'a', message: 'one' } },
      { progress: { step: 'a', message: 'two' } },
      { result: [] },
    ],
  });
});

test('progress is dropped while the caller does not read, and the result is not', async (t) => {
  const told = 200;
  const server = await serve(t, {
    list: (_request, { onProgress }) => {
      for (let step = 0; step < told; step += 1) onProgress({ step: 'a', message: 'x'.repeat(64 * 1024) });
      return Promise.resolve({ result: [] });
    },
  });
  const { lines } = await call(server, list);
  assert.ok(lines.length < told, String(lines.length));
  assert.deepEqual(lines.at(-1), { result: [] });
});

test('one connection over the limit is closed without an answer', async (t) => {
  const server = await serve(t);
  for (let count = 0; count < MAX_CONNECTIONS; count += 1) {
    const socket = connect(server.socketPath);
    t.after(() => socket.destroy());
    await once(socket, 'connect');
  }
  const surplus = connect(server.socketPath);
  await once(surplus, 'close');
});

test('an operation gets the request as its schema says', async (t) => {
  const received = createDeferred<unknown>();
  const server = await serve(t, {
    list: (body) => {
      received.resolve(body);
      return Promise.resolve({ result: [] });
    },
  });
  await call(server, { ...list, body: JSON.stringify({ connection, unknown: 1 }) });
  assert.deepEqual(await received.promise, { connection });
});

test('an error of an operation crosses with code, category, remedy and details', async (t) => {
  const server = await serve(t, {
    list: () => Promise.reject(createError('NAMESPACE_NOT_FOUND', { namespace: 'shop' })),
  });
  const { status, lines } = await call(server, list);
  assert.equal(status, 200);
  assert.deepEqual(errorOf(lines), {
    code: 'NAMESPACE_NOT_FOUND',
    category: 'cluster',
    message: 'Namespace "shop" does not exist',
    remedy: 'Name an existing one with --namespace',
    details: { namespace: 'shop' },
  });
});

test('anything unexpected that an operation throws is an INTERNAL error, also when it throws at once', async (t) => {
  const server = await serve(t, {
    list: () => {
      throw new TypeError('oops');
    },
  });
  assert.equal(errorOf((await call(server, list)).lines).code, 'INTERNAL');
});

for (const [what, options, status] of [
  ['an unknown operation', { path: '/v1/frobnicate' }, 404],
  ['an operation named like a property of every object', { path: '/v1/constructor' }, 404],
  ['another method', { method: 'PUT' }, 405],
  ['a body that is not JSON', { body: '{"connection": hunter2' }, 400],
  ['a body that the schema refuses', { path: '/v1/list', body: '{"connection":{"environment":1}}' }, 400],
] as const) {
  test(`${what} is refused with status ${String(status)}`, async (t) => {
    const server = await serve(t);
    const answer = await call(server, options);
    assert.equal(answer.status, status);
    assert.equal(errorOf(answer.lines).code, 'API_REQUEST_INVALID');
    assert.doesNotMatch(JSON.stringify(answer.lines), /hunter2/);
  });
}

test('a body over the limit is refused before it has been read', async (t) => {
  const server = await serve(t);
  const outgoing = request({ socketPath: server.socketPath, method: 'POST', path: '/v1/list', agent: false });
  outgoing.on('error', () => undefined);
  // One byte too many, and no end.
  outgoing.write(Buffer.alloc(BODY_LIMIT_BYTES + 1, 'x'));
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  assert.equal(incoming.statusCode, 413);
  assert.match(await text(incoming), /larger than 4194304 bytes/);
  outgoing.destroy();
});

test('a body of exactly the limit is read', async (t) => {
  const server = await serve(t, { list: () => Promise.resolve({ result: [] }) });
  const filler = (size: number): string =>
    JSON.stringify({ connection: { ...connection, workingDirectory: 'x'.repeat(size) } });
  const body = filler(BODY_LIMIT_BYTES - filler(0).length);
  assert.equal(body.length, BODY_LIMIT_BYTES);
  assert.equal((await call(server, { ...list, body })).status, 200);
});

test('a caller of another version is refused, except to see and end the daemon', async (t) => {
  const server = await serve(t);
  for (const headers of [{ 'tp-version': '99.0.0' }, { 'tp-api-version': '99' }]) {
    const refused = await call(server, { ...list, headers });
    assert.equal(refused.status, 409);
    assert.equal(errorOf(refused.lines).code, 'DAEMON_VERSION_MISMATCH');
    assert.equal((await call(server, { headers })).status, 200);
    assert.equal((await call(server, { path: '/v1/quit', headers })).status, 200);
  }
});

test('a held answer stays open until the operation lets go', async (t) => {
  const held = createDeferred<undefined>();
  const server = await serve(t, { list: () => Promise.resolve({ result: [], held: held.promise }) });
  const incoming = await open(server, list);
  const [chunk] = (await once(incoming, 'data')) as [Buffer];
  assert.equal(chunk.toString(), '{"result":[]}\n');
  assert.equal(incoming.complete, false);
  held.resolve(undefined);
  await once(incoming, 'end');
});

test('a held answer whose operation fails ends with an error line', async (t) => {
  const server = await serve(t, {
    list: () =>
      Promise.resolve({
        result: [],
        held: Promise.reject(createError('TUNNEL_LOST', { reason: 'the pod is gone' })),
      }),
  });
  const { lines } = await call(server, list);
  assert.equal(lines.length, 2);
  assert.equal(errorOf(lines).code, 'TUNNEL_LOST');
});

test('closing the connection aborts an operation that runs and one that is held', async (t) => {
  for (const hold of [false, true]) {
    const started = createDeferred<undefined>();
    const aborted = createDeferred<undefined>();
    const server = await serve(t, {
      list: (_request, { signal }) => {
        const done = new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.resolve(undefined);
            resolve();
          });
        });
        started.resolve(undefined);
        return hold ? Promise.resolve({ result: [], held: done }) : done.then(() => ({ result: [] }));
      },
    });
    const incoming = await open(server, list);
    incoming.on('error', () => undefined);
    await started.promise;
    incoming.destroy();
    await aborted.promise;
  }
});

test('a caller that half-closes without reading aborts its operation', async (t) => {
  const aborted = createDeferred<undefined>();
  const server = await serve(t, {
    list: (_request, { signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => aborted.resolve(undefined));
      }),
  });
  const incoming = await open(server, list);
  incoming.socket.end();
  await aborted.promise;
  incoming.destroy();
});

test('close() ends held answers cleanly, waits for them, and can be called twice', async (t) => {
  const server = await serve(t, {
    list: (_request, { signal }) =>
      Promise.resolve({
        result: [],
        held: new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve());
        }),
      }),
  });
  const incoming = await open(server, list);
  const body = text(incoming);
  await Promise.all([server.close(), server.close()]);
  assert.equal(await body, '{"result":[]}\n');
  assert.equal(incoming.complete, true);
});

test('close() tells an operation that waits why', async (t) => {
  const started = createDeferred<undefined>();
  const server = await serve(t, {
    list: (_request, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        started.resolve(undefined);
      }),
  });
  const answer = call(server, list);
  await started.promise;
  await server.close();
  assert.equal(errorOf((await answer).lines).code, 'DAEMON_STOPPING');
});

test('close() cuts an operation that does not stop in time', async (t) => {
  const clock = createFakeClock();
  const socketPath = join(await createTemporaryFolder(t), 'daemon.sock');
  const started = createDeferred<undefined>();
  const server = await startApiServer({
    socketPath,
    operations: createFakeOperations({
      list: () => {
        started.resolve(undefined);
        return new Promise(() => undefined);
      },
    }),
    logger: nullLogger,
    clock,
  });
  const incoming = await open({ ...server, socketPath }, list);
  const cut = once(incoming, 'error');
  incoming.resume();
  await started.promise;
  const closed = server.close();
  while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(CLOSE_TIMEOUT_MS);
  await closed;
  assert.equal(((await cut)[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
});

test('nothing of a body reaches the log', async (t) => {
  const log = recordingLogger();
  const server = await serve(
    t,
    {
      list: () => {
        throw new Error('boom');
      },
      doctor: () => Promise.reject(createError('NOT_CONNECTED', {})),
    },
    log.logger,
  );
  await call(server, list);
  await call(server, { path: '/v1/doctor', body: JSON.stringify({ connection, name: 'web' }) });
  await call(server, { path: '/v1/list', body: '{"connection":{"environment":{"SECRET":{"a":"hunter2"}}}}' });
  assert.match(log.text(), /boom/);
  assert.match(log.text(), /NOT_CONNECTED/);
  assert.doesNotMatch(log.text(), /hunter2/);
});
