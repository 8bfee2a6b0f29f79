import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { createError } from '../../../src/errors/index.ts';
import type { Dialer } from '../../../src/net/index.ts';
import { head, receive, send, startHttpTarget, startTestProxy } from '../../support/proxy-rig.ts';
import { openClient, record, startServer, waitFor, type Recording } from '../../support/sockets.ts';

/** A target that speaks bytes: answers each connection's first bytes with `answer`. */
function startRawTarget(
  answer: string,
  onAnswered: (socket: Socket) => void = () => undefined,
): ReturnType<typeof startServer> {
  return startServer((socket) => {
    socket.once('data', () => socket.write(answer, 'latin1', () => onAnswered(socket)));
  });
}

function url(port: number): string {
  return `http://127.0.0.1:${String(port)}/`;
}

// --- fields ---------------------------------------------------------------------------------------------------------

test('the target gets the request without what belongs to the hop, and Host from the request target', async () => {
  let request: Recording | undefined;
  await using target = await startServer((socket) => (request = record(socket)));
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    head(
      `GET http://127.0.0.1:${String(target.port)}/a/../b?c HTTP/1.1`,
      'Host: somebody-else',
      'X-Case: Kept',
      'x-twice: 1',
      'x-twice: 2',
      'Connection: X-Hop, keep-alive',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic bWU6cHc=',
      'TE: trailers',
    ),
  );
  await waitFor('the request', () => request?.text().endsWith('\r\n\r\n') === true);
  assert.equal(
    request?.text(),
    head(
      'GET /a/../b?c HTTP/1.1',
      `Host: 127.0.0.1:${String(target.port)}`,
      'X-Case: Kept',
      'x-twice: 1',
      'x-twice: 2',
      'Connection: close',
    ),
  );
  client.stream.destroy();
});

test('the client gets the response without what belongs to the hop, repeated fields included', async () => {
  await using target = await startRawTarget(
    head(
      'HTTP/1.1 200 Fine by me',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'Date: Thu, 01 Jan 1970 00:00:00 GMT',
      'Connection: close, X-Hop',
      'X-Hop: 1',
      'Proxy-Authenticate: Basic',
      'Content-Length: 2',
    ) + 'ok',
  );
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
  assert.equal(
    await receive(client, /ok$/),
    head(
      'HTTP/1.1 200 Fine by me',
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'Date: Thu, 01 Jan 1970 00:00:00 GMT',
      'Content-Length: 2',
      'Connection: keep-alive',
    ) + 'ok',
  );
  client.stream.destroy();
});

test('bytes beyond ASCII pass as they are, in both directions', async () => {
  let request: Recording | undefined;
  await using target = await startServer((socket) => {
    request = record(socket);
    const answer = head('HTTP/1.1 200 \xc3\xa9', 'X-B: \xc3\xa9', 'Content-Length: 0');
    socket.once('data', () => socket.write(answer, 'latin1'));
  });
  await using proxy = await startTestProxy();
  for (const method of ['GET', 'HEAD', 'POST']) {
    const client = await send(
      proxy.port,
      head(`${method} ${url(target.port)} HTTP/1.1`, 'Host: a', 'X-A: \xc3\xa9'),
    );
    const response = await receive(client, /\r\n\r\n$/);
    assert.match(response, /^HTTP\/1.1 200 \xc3\xa9\r\nX-B: \xc3\xa9\r\n/s);
    assert.match(request?.text() ?? '', /\r\nX-A: \xc3\xa9\r\n/s);
    client.stream.destroy();
  }
});

// --- framing --------------------------------------------------------------------------------------------------------

for (const [name, method, sent, expected] of [
  ['a GET has no content', 'GET', '', ['Connection: close']],
  ['a POST without content says so', 'POST', '', ['Content-Length: 0', 'Connection: close']],
  [
    'a length stays a length',
    'PUT',
    'Content-Length: 3\r\n\r\nabc',
    ['Content-Length: 3', 'Connection: close'],
  ],
] as const) {
  test(name, async () => {
    let request: Recording | undefined;
    await using target = await startServer((socket) => (request = record(socket)));
    await using proxy = await startTestProxy();
    const client = await send(
      proxy.port,
      `${method} ${url(target.port)} HTTP/1.1\r\nHost: a\r\n${sent === '' ? '\r\n' : sent}`,
    );
    const content = sent.split('\r\n\r\n')[1] ?? '';
    await waitFor('the request', () => request?.text().endsWith(`\r\n\r\n${content}`) === true);
    const lines = request?.text().split('\r\n\r\n')[0]?.split('\r\n').slice(2);
    assert.deepEqual(lines, expected);
    client.stream.destroy();
  });
}

test('content in chunks is passed on in chunks, with its trailer fields', async () => {
  let incoming: IncomingMessage | undefined;
  await using target = await startHttpTarget((request, response) => {
    incoming = request;
    request.resume().once('end', () => response.end('done'));
  });
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    head(`POST ${url(target.port)} HTTP/1.1`, 'Host: a', 'Transfer-Encoding: chunked', 'Trailer: X-Sum') +
      head('3', 'abc', '0', 'X-Sum: 6', 'Host: evil'),
  );
  await receive(client, /done/);
  assert.equal(incoming?.headers['transfer-encoding'], 'chunked');
  assert.deepEqual(incoming.rawTrailers, ['X-Sum', '6']);
  client.stream.destroy();
});

test('a response in chunks keeps its trailer fields', async () => {
  await using target = await startHttpTarget((_request, response) => {
    response.writeHead(200, { Trailer: 'X-Sum' });
    response.write('abc');
    response.addTrailers({ 'X-Sum': '6' });
    response.end();
  });
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
  assert.match(await receive(client, /\r\n0\r\n(.*\r\n)?\r\n$/s), /\r\n0\r\nX-Sum: 6\r\n\r\n$/);
  client.stream.destroy();
});

for (const [name, answer, expected] of [
  [
    'HEAD keeps the length of what is not sent',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'Content-Length: 5',
  ],
  ['204 has no content', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n', 'X-A: 1'],
  [
    '304 keeps the length of what is not sent',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    'Content-Length: 5',
  ],
] as const) {
  test(`${name}, and the connection goes on`, async () => {
    await using target = await startRawTarget(answer);
    await using proxy = await startTestProxy();
    const method = name.startsWith('HEAD') ? 'HEAD' : 'GET';
    const request = head(`${method} ${url(target.port)} HTTP/1.1`, 'Host: a');
    const client = await send(proxy.port, request);
    const first = await receive(client, /\r\n\r\n$/);
    assert.ok(first.includes(expected));
    assert.doesNotMatch(first, /transfer-encoding/i);
    client.stream.write(request);
    await receive(client, /\r\n\r\nHTTP\/1.1 [0-9]{3}.*\r\n\r\n$/s);
    client.stream.destroy();
  });
}

test('a response that ends with its connection becomes one in chunks', async () => {
  await using target = await startRawTarget('HTTP/1.1 200 OK\r\n\r\nto the end', (socket) => socket.end());
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
  assert.match(
    await receive(client, /0\r\n\r\n$/),
    /\r\nTransfer-Encoding: chunked\r\n\r\na\r\nto the end\r\n0\r\n\r\n$/,
  );
  client.stream.destroy();
});

test('a client of HTTP/1.0 gets no chunks', async () => {
  await using target = await startHttpTarget((_request, response) => {
    response.write('abc');
    response.end('def');
  });
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.0`));
  await waitFor('the end', () => client.events.includes('end'));
  assert.match(client.text(), /\r\n\r\nabcdef$/);
  client.stream.end();
});

// --- request smuggling and header injection -------------------------------------------------------------------------

for (const [name, ...lines] of [
  ['length and chunks', 'Host: a', 'Content-Length: 4', 'Transfer-Encoding: chunked'],
  ['two lengths', 'Host: a', 'Content-Length: 4', 'Content-Length: 5'],
  ['a length that is none', 'Host: a', 'Content-Length: +4'],
  ['chunks in disguise', 'Host: a', 'Transfer-Encoding: xchunked'],
  ['chunks within another coding', 'Host: a', 'Transfer-Encoding: gzip, chunked'],
  ['a folded line', 'Host: a', 'X-A: 1', ' Transfer-Encoding: chunked'],
  ['a space before the colon', 'Host: a', 'Transfer-Encoding : chunked'],
  ['a bare line feed', 'Host: a\nX-A: 1\rX-B: 2'],
  ['a NUL in a value', 'Host: a', 'X-A: \0'],
  ['two hosts', 'Host: a', 'Host: b'],
  ['no host', 'X-A: 1'],
] as const) {
  test(`a request with ${name} is refused with 400 and not passed on`, async () => {
    await using target = await startServer(() => undefined);
    await using proxy = await startTestProxy();
    const client = await send(proxy.port, head(`POST ${url(target.port)} HTTP/1.1`, ...lines));
    await receive(client, /^HTTP\/1.1 400 /);
    assert.equal(target.sockets.length, 0);
    client.stream.destroy();
  });
}

for (const [name, answer] of [
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n'],
  ['a head over 16 KiB', head('HTTP/1.1 200 OK', `X-Long: ${'x'.repeat(20_000)}`)],
  ['length and chunks', head('HTTP/1.1 200 OK', 'Content-Length: 4', 'Transfer-Encoding: chunked')],
  ['chunks within another coding', head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked')],
  [
    'a switch of protocols that nobody asked for',
    head('HTTP/1.1 101 Switching', 'Connection: Upgrade', 'Upgrade: x'),
  ],
] as const) {
  test(`a target that answers with ${name} is 502`, async () => {
    await using target = await startRawTarget(answer);
    await using proxy = await startTestProxy();
    const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
    await receive(client, /^HTTP\/1.1 502 .*X-Tp-Error: NET_FAILED/s);
    client.stream.destroy();
  });
}

test('a request head over 16 KiB is 431', async () => {
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    head('GET http://shop/ HTTP/1.1', 'Host: a', `X: ${'x'.repeat(20_000)}`),
  );
  await receive(client, /^HTTP\/1.1 431 /);
  client.stream.destroy();
});

// --- failures -------------------------------------------------------------------------------------------------------

test('an error of the dialer is one line of text, and the connection goes on', async () => {
  const dialer: Dialer = { dial: () => Promise.reject(createError('TUNNEL_UNAVAILABLE', {})) };
  await using proxy = await startTestProxy({ dialer });
  const request = head('POST http://shop/ HTTP/1.1', 'Host: a', 'Content-Length: 3');
  const client = await send(proxy.port, `${request}abc${request}def`);
  const text = await receive(client, /moment\n.*moment\n$/s);
  assert.equal(text.match(/HTTP\/1.1 503 Service Unavailable\r\n/g)?.length, 2);
  assert.match(text, /\r\n\r\nNo tunnel to the cluster is open at the moment\n/);
  client.stream.destroy();
});

test('a target that closes without an answer is 502', async () => {
  await using target = await startServer((socket) => socket.once('data', () => socket.end()));
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
  await receive(client, /^HTTP\/1.1 502 .*NET_RESET/s);
  client.stream.destroy();
});

for (const [name, headLine] of [
  ['with a length', 'Content-Length: 100'],
  ['in chunks', 'Transfer-Encoding: chunked'],
] as const) {
  test(`a response ${name} that breaks off does not look complete`, async () => {
    await using target = await startRawTarget(
      head('HTTP/1.1 200 OK', headLine) + '5\r\nhello\r\n',
      (socket) => {
        setTimeout(() => socket.resetAndDestroy(), 20);
      },
    );
    await using proxy = await startTestProxy();
    const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
    await client.closed;
    assert.deepEqual(client.events, ['ECONNRESET', 'close']);
    assert.doesNotMatch(client.text(), /0\r\n\r\n$/);
  });
}

test('an answer before the request has been read is passed on', async () => {
  await using target = await startRawTarget(
    head('HTTP/1.1 413 Content Too Large', 'Content-Length: 0'),
    (socket) => {
      socket.pause();
    },
  );
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    head(`PUT ${url(target.port)} HTTP/1.1`, 'Host: a', 'Content-Length: 30000000'),
  );
  client.stream.write(Buffer.alloc(30_000_000));
  await receive(client, /^HTTP\/1.1 413 /);
  // The rest of the content is read and dropped, and the next request understood.
  client.stream.write(head('GET http://127.0.0.1:1/ HTTP/1.1', 'Host: a'));
  await receive(client, /HTTP\/1.1 502 /);
  client.stream.destroy();
});

test('a client that goes away ends its request at the target', async () => {
  let response: ServerResponse | undefined;
  await using target = await startHttpTarget((_request, answer) => (response = answer));
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
  await waitFor('the request', () => response !== undefined);
  client.stream.destroy();
  await waitFor('the end of the request', () => response?.closed === true);
});

test('a client that goes away in the middle of its content ends the request without completing it', async () => {
  let request: IncomingMessage | undefined;
  await using target = await startHttpTarget(
    (incoming) => (request = incoming.on('error', () => undefined).resume()),
  );
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    `${head(`POST ${url(target.port)} HTTP/1.1`, 'Host: a', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`,
  );
  await waitFor('the request', () => request !== undefined);
  client.stream.destroy();
  await waitFor('the end of the request', () => request?.closed === true);
  assert.equal(request?.complete, false);
});

test('a client that goes away while the target is dialled stops the dial', async () => {
  let dialSignal: AbortSignal | undefined;
  const dialer: Dialer = {
    dial: (_target, { signal }) => {
      dialSignal = signal;
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    },
  };
  await using proxy = await startTestProxy({ dialer });
  const client = await send(proxy.port, head('GET http://slow/ HTTP/1.1', 'Host: a'));
  await waitFor('the dial', () => dialSignal !== undefined);
  client.stream.destroy();
  await waitFor('the dial to be stopped', () => dialSignal?.aborted === true);
});

// --- interim responses and streaming --------------------------------------------------------------------------------

test('100 Continue comes from the target, and content after it', async () => {
  await using target = await startHttpTarget((request, response) => request.pipe(response));
  let isAsked = false;
  target.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    isAsked = true;
    response.writeContinue();
    request.pipe(response);
  });
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    head(`POST ${url(target.port)} HTTP/1.1`, 'Host: a', 'Expect: 100-continue', 'Content-Length: 5'),
  );
  await receive(client, /^HTTP\/1.1 100 Continue\r\n\r\n$/);
  assert.equal(isAsked, true);
  client.stream.write('hello');
  await receive(client, /HTTP\/1.1 200 OK.*hello/s);
  client.stream.destroy();
});

test('a target may refuse what the client only announces', async () => {
  await using target = await startRawTarget(head('HTTP/1.1 417 Expectation Failed', 'Content-Length: 0'));
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    head(`POST ${url(target.port)} HTTP/1.1`, 'Host: a', 'Expect: 100-continue', 'Content-Length: 5'),
  );
  await receive(client, /^HTTP\/1.1 417 /);
  client.stream.destroy();
});

test('other interim responses are passed on with their fields (RFC 9110 §15.2), but not to HTTP/1.0', async () => {
  const answer =
    head('HTTP/1.1 103 Early Hints', 'Link: </a>; rel=preload', 'Connection: x') +
    head('HTTP/1.1 200 OK', 'Content-Length: 2') +
    'ok';
  await using target = await startRawTarget(answer);
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
  const hints = head('HTTP/1.1 103 Early Hints', 'Link: </a>; rel=preload');
  assert.ok((await receive(client, /ok$/)).startsWith(`${hints}HTTP/1.1 200 OK\r\n`));
  const old = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.0`));
  assert.match(await receive(old, /ok$/), /^HTTP\/1.1 200 OK\r\n/);
  client.stream.destroy();
  old.stream.destroy();
});

test('a head and each part of the content arrive when they are sent', async () => {
  let response: ServerResponse | undefined;
  await using target = await startHttpTarget((_request, answer) => {
    response = answer;
    answer.flushHeaders();
  });
  await using proxy = await startTestProxy();
  const client = await send(proxy.port, head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
  await receive(client, /^HTTP\/1.1 200 OK\r\n.*\r\n\r\n$/s);
  response?.write('event: 1');
  await receive(client, /event: 1/);
  response?.write('event: 2');
  await receive(client, /event: 2/);
  client.stream.destroy();
});

test('content of the request arrives as it is sent', async () => {
  let request: Recording | undefined;
  await using target = await startServer((socket) => (request = record(socket)));
  await using proxy = await startTestProxy();
  const client = await send(
    proxy.port,
    head(`POST ${url(target.port)} HTTP/1.1`, 'Host: a', 'Content-Length: 6'),
  );
  await waitFor('the head', () => request?.text().endsWith('\r\n\r\n') === true);
  client.stream.write('abc');
  await waitFor('the first half', () => request?.text().endsWith('abc') === true);
  client.stream.write('def');
  await waitFor('the second half', () => request?.text().endsWith('abcdef') === true);
  client.stream.destroy();
});

test('a target that does not read stops the client, and a client that does not read stops the target', async () => {
  let sent = 0;
  await using target = await startHttpTarget((request, response) => {
    if (request.method === 'POST') return;
    const fill = (): void => {
      while (sent < 200_000_000) {
        sent += 1_000_000;
        if (!response.write(Buffer.alloc(1_000_000))) return;
      }
    };
    response.on('drain', fill);
    fill();
  });
  await using proxy = await startTestProxy();

  const up = await send(
    proxy.port,
    head(`POST ${url(target.port)} HTTP/1.1`, 'Host: a', 'Content-Length: 200000000'),
  );
  up.stream.write(Buffer.alloc(200_000_000));
  const down = await openClient(proxy.port);
  down.stream.write(head(`GET ${url(target.port)} HTTP/1.1`, 'Host: a'));
  down.stream.pause();
  await waitFor('both to stall', async () => {
    const before = [up.stream.bytesWritten, up.stream.writableLength, sent];
    await new Promise((resolve) => setTimeout(resolve, 300));
    const after = [up.stream.bytesWritten, up.stream.writableLength, sent];
    return sent > 0 && String(before) === String(after);
  });
  assert.ok(sent < 60_000_000, `the target could send ${String(sent)} bytes`);
  assert.ok(up.stream.writableLength > 0);
  up.stream.destroy();
  down.stream.destroy();
});
