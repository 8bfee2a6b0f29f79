import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { sendRequest, STATUS_LINE_TIMEOUT_MS, type RequestOptions } from '../../../cli/client/request.ts';
import { API_MEDIA_TYPE } from '../../../src/contract/index.ts';
import { createDeferred, nullLogger, systemClock } from '../../../src/core/index.ts';
import { startApiServer, type OperationHandlers } from '../../../src/daemon/api-server.ts';
import { createError } from '../../../src/errors/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createFakeOperations } from '../../support/fake-operations.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

type ListOptions = RequestOptions<'list'>;

const body = { connection: { environment: {}, workingDirectory: '/' } };

function optionsFor(socketPath: string, changes: Partial<ListOptions> = {}): ListOptions {
  const { signal } = new AbortController();
  return { socketPath, operation: 'list', body, clock: systemClock, signal, ...changes };
}

/** A real API server with these operations. */
async function serve(t: TestContext, handlers: Partial<OperationHandlers>): Promise<string> {
  const socketPath = join(await createTemporaryFolder(t), 'daemon.sock');
  const operations = createFakeOperations(handlers);
  const server = await startApiServer({ socketPath, operations, logger: nullLogger });
  t.after(() => server.close());
  return socketPath;
}

/** Something else that listens on the socket. */
async function listen(t: TestContext, server: Server): Promise<string> {
  const socketPath = join(await createTemporaryFolder(t), 'daemon.sock');
  server.listen(socketPath);
  await once(server, 'listening');
  t.after(() => server.close());
  return socketPath;
}

function listenHttp(t: TestContext, onRequest: RequestListener): Promise<string> {
  const server = createHttpServer(onRequest);
  t.after(() => server.closeAllConnections());
  return listen(t, server);
}

function listenRaw(t: TestContext, onConnection: (socket: Socket) => void): Promise<string> {
  return listen(t, createServer(onConnection));
}

test('sendRequest() gives progress, the result, and the end of the answer', async (t) => {
  const socketPath = await serve(t, {
    list: (_request, { onProgress }) => {
      onProgress({ step: 's', message: 'm' });
      return Promise.resolve({ result: [] });
    },
  });
  const seen: unknown[] = [];
  const answer = await sendRequest(
    optionsFor(socketPath, {
      onProgress(progress) {
        seen.push(progress);
      },
    }),
  );
  assert.deepEqual(answer?.result, []);
  assert.deepEqual(seen, [{ step: 's', message: 'm' }]);
  await answer.ended;
});

test('sendRequest() throws the error that the daemon answers, with all it has', async (t) => {
  const socketPath = await serve(t, {
    list: () => Promise.reject(createError('NAMESPACE_NOT_FOUND', { namespace: 'shop' })),
  });
  await assert.rejects(sendRequest(optionsFor(socketPath)), {
    code: 'NAMESPACE_NOT_FOUND',
    category: 'cluster',
    remedy: 'Name an existing one with --namespace',
    details: { namespace: 'shop' },
  });
});

test('sendRequest() finds that no daemon runs', async (t) => {
  const folder = await createTemporaryFolder(t);
  assert.equal(await sendRequest(optionsFor(join(folder, 'daemon.sock'))), undefined);
});

test('close() ends a held answer at both ends', async (t) => {
  const aborted = createDeferred<undefined>();
  const socketPath = await serve(t, {
    list: (_request, { signal }) => {
      const held = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          aborted.resolve(undefined);
          resolve();
        });
      });
      return Promise.resolve({ result: [], held });
    },
  });
  const answer = await sendRequest(optionsFor(socketPath));
  answer?.close();
  await Promise.all([answer?.ended, aborted.promise]);
});

test('the end of a held answer has the error that the daemon ended it with', async (t) => {
  const held = createDeferred<undefined>();
  const socketPath = await serve(t, { list: () => Promise.resolve({ result: [], held: held.promise }) });
  const answer = await sendRequest(optionsFor(socketPath));
  held.reject(createError('TUNNEL_LOST', { reason: 'x' }));
  await assert.rejects(answer?.ended ?? Promise.resolve(), { code: 'TUNNEL_LOST' });
});

test('aborting ends a request that waits', async (t) => {
  const started = createDeferred<undefined>();
  const aborted = createDeferred<undefined>();
  const socketPath = await serve(t, {
    list: (_request, { signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => aborted.resolve(undefined));
        started.resolve(undefined);
      }),
  });
  const controller = new AbortController();
  const request = sendRequest(optionsFor(socketPath, { signal: controller.signal }));
  await started.promise;
  controller.abort();
  await assert.rejects(request, { name: 'AbortError' });
  await aborted.promise;
});

test('a daemon that dies is unreachable: before its status line, in the answer, and while it holds', async (t) => {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${API_MEDIA_TYPE}\r\ntransfer-encoding: chunked\r\n\r\n`;
  const line = '{"progress":{"step":"s","message":"m"}}\n';
  const chunk = `${line.length.toString(16)}\r\n${line}\r\n`;
  for (const sent of ['', head, head + chunk]) {
    const socketPath = await listenRaw(t, (socket) => {
      socket.once('data', () => {
        socket.write(sent, () => socket.destroy());
      });
    });
    await assert.rejects(sendRequest(optionsFor(socketPath)), { code: 'DAEMON_UNREACHABLE' });
  }
});

test('a held answer that is cut off is told from one that the daemon ended', async (t) => {
  const socketPath = await listenHttp(t, (_request, response) => {
    response.writeHead(200, { 'content-type': API_MEDIA_TYPE });
    response.write('{"result":[]}\n', () => setImmediate(() => response.socket?.destroy()));
  });
  const answer = await sendRequest(optionsFor(socketPath));
  await assert.rejects(answer?.ended ?? Promise.resolve(), { code: 'DAEMON_UNREACHABLE' });
});

for (const [what, type, text] of [
  ['an answer without a result', API_MEDIA_TYPE, '{"progress":{"step":"s","message":"m"}}\n'],
  ['an answer that is not JSON', API_MEDIA_TYPE, 'hello\n'],
  ['an answer of something else', 'text/html', '<html>\n'],
] as const)
  test(`${what} is none of a daemon`, async (t) => {
    const socketPath = await listenHttp(t, (_request, response) => {
      response.writeHead(200, { 'content-type': type }).end(text);
    });
    await assert.rejects(sendRequest(optionsFor(socketPath)), { code: 'DAEMON_UNREACHABLE' });
  });

test('a daemon that hangs is unreachable after a bounded time', async (t) => {
  const clock = createFakeClock();
  const connected = createDeferred<undefined>();
  const socketPath = await listenRaw(t, (socket) => {
    t.after(() => socket.destroy());
    connected.resolve(undefined);
  });
  const request = sendRequest(optionsFor(socketPath, { clock }));
  const rejected = assert.rejects(request, {
    code: 'DAEMON_UNREACHABLE',
    message: /does not answer within 10 s/,
  });
  await connected.promise;
  await clock.advance(STATUS_LINE_TIMEOUT_MS);
  await rejected;
});
