/** Personal intercepts through real tunnels: each request reaches its owner, whatever else its connection carries. */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { Rule } from '../../../src/contract/index.ts';
import { startAgentUnderTest, type AgentUnderTest } from '../../support/agent-under-test.ts';
import { fetchText, joinAs, startNamedHttp } from '../../support/laptops.ts';
import { findClosedPort, openClient, startServer, waitFor } from '../../support/sockets.ts';

interface Rig {
  agent: AgentUnderTest;
  appPort: number;
  callerPort: number;
}

async function startRig(t: TestContext, app?: number): Promise<Rig> {
  const appPort = app ?? (await startNamedHttp(t, 'app'));
  const callerPort = await findClosedPort();
  const port = {
    protocol: 'TCP',
    listenPort: callerPort,
    appPort,
    appContainer: 'web',
    redirect: 'service',
  } as const;
  return { agent: await startAgentUnderTest(t, [port]), appPort, callerPort };
}

function keyRule(value: string): Rule {
  return { kind: 'key', value };
}

/** A laptop that takes the requests with the key of its name. */
async function join(t: TestContext, { agent, appPort }: Rig, name: string): Promise<void> {
  const localPort = await startNamedHttp(t, name);
  await joinAs(t, agent, { name, appPort, localPort, rule: keyRule(name) });
}

test('two developers and the rest on one kept-alive connection', async (t) => {
  const rig = await startRig(t);
  await join(t, rig, 'alice');
  await join(t, rig, 'bob');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => {
    agent.destroy();
  });
  for (const name of ['alice', 'app', 'bob', 'alice', 'bob', 'app', 'app', 'alice'])
    assert.equal(
      await fetchText(rig.callerPort, `/${name}`, { headers: { 'x-tp-key': name }, agent }),
      `${name} /${name}`,
    );
  assert.equal(Object.values(agent.freeSockets).flat().length, 1, 'still the first connection');
});

test('whoever takes the rest gets what no rule matches', async (t) => {
  const rig = await startRig(t);
  await join(t, rig, 'alice');
  const localPort = await startNamedHttp(t, 'rest');
  await joinAs(t, rig.agent, { name: 'rest', appPort: rig.appPort, localPort });
  const ask = (headers: Record<string, string>): Promise<string> =>
    fetchText(rig.callerPort, '/', { headers });
  assert.equal(await ask({ baggage: 'tp=alice' }), 'alice /');
  assert.equal(await ask({ 'x-tp-key': 'bob' }), 'rest /');
});

test('starting and ending a personal intercept cuts no connection', async (t) => {
  const rig = await startRig(t);
  const client = await openClient(rig.callerPort);
  t.after(() => {
    client.stream.destroy();
  });
  const ask = async (name: string): Promise<void> => {
    const before = client.text().length;
    client.stream.write('GET / HTTP/1.1\r\nHost: x\r\nx-tp-key: alice\r\n\r\n');
    await waitFor(`an answer of ${name}`, () => client.text().slice(before).endsWith(`${name} /`));
  };
  await ask('app');
  await join(t, rig, 'bob');
  await ask('app');
  const localPort = await startNamedHttp(t, 'alice');
  const tunnel = await joinAs(t, rig.agent, {
    name: 'alice',
    appPort: rig.appPort,
    localPort,
    rule: keyRule('alice'),
  });
  await ask('alice');
  await tunnel.request({ kind: 'release', interceptId: 'alice' });
  await ask('app');
  assert.deepEqual(client.events, []);
});

test('a laptop whose process does not answer leaves its requests to the application', async (t) => {
  const rig = await startRig(t);
  const localPort = await findClosedPort();
  await joinAs(t, rig.agent, { name: 'alice', appPort: rig.appPort, localPort, rule: keyRule('alice') });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => {
    agent.destroy();
  });
  for (let count = 0; count < 3; count += 1)
    assert.equal(await fetchText(rig.callerPort, '/', { headers: { 'x-tp-key': 'alice' }, agent }), 'app /');
});

describe('what is not HTTP goes to the application', () => {
  async function startEcho(t: TestContext, greeting = ''): Promise<Rig> {
    const server = await startServer((socket) => {
      if (greeting !== '') socket.write(greeting);
      socket.pipe(socket);
    });
    t.after(() => server[Symbol.asyncDispose]());
    const rig = await startRig(t, server.port);
    await join(t, rig, 'alice');
    return rig;
  }

  test('a server that speaks first is heard', async (t) => {
    const { callerPort } = await startEcho(t, '220 ready\r\n');
    const client = await openClient(callerPort);
    await waitFor('the greeting', () => client.text() === '220 ready\r\n');
    client.stream.end('QUIT\r\n');
    await client.closed;
    assert.equal(client.text(), '220 ready\r\nQUIT\r\n');
  });

  for (const [what, bytes] of [
    ['one byte', '\0'],
    ['a word', 'PING'],
    ['a line', 'PING\r\n'],
    ['a lot', '\x16\x03\x01'.padEnd(300_000, 'x')],
    ['half a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM'],
    ['half a request line', 'GET /'],
    ['half a head', 'GET / HTTP/1.1\r\nx-tp-key: al'],
  ] as const)
    test(what, async (t) => {
      const { callerPort } = await startEcho(t);
      const client = await openClient(callerPort);
      client.stream.end(bytes, 'latin1');
      await client.closed;
      assert.equal(client.text(), bytes);
    });
});

/** Splits `text` at random places. */
function splitAt(text: string, places: readonly number[]): string[] {
  const cuts = [...new Set(places.map((place) => place % text.length))].sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => text.slice(start, cuts[index])).filter((part) => part !== '');
}

test('pipelined requests of several owners are answered in their order, each by its owner, however they are cut', async (t) => {
  const rig = await startRig(t);
  await join(t, rig, 'alice');
  await join(t, rig, 'bob');
  const requests = fc.array(
    fc.record({
      owner: fc.constantFrom('alice', 'bob', 'app'),
      content: fc.string({ maxLength: 20, unit: 'grapheme-ascii' }),
      isChunked: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(requests, fc.array(fc.nat(), { maxLength: 12 }), async (sequence, places) => {
      const text = sequence
        .map(({ owner, content, isChunked }, index) => {
          const framing =
            isChunked && content !== '' ? 'transfer-encoding: chunked' : `content-length: ${content.length}`;
          const body =
            isChunked && content !== ''
              ? `${content.length.toString(16)}\r\n${content}\r\n0\r\n\r\n`
              : content;
          return `POST /${index} HTTP/1.1\r\nhost: x\r\nx-tp-key: ${owner}\r\n${framing}\r\n\r\n${body}`;
        })
        .join('');
      const client = await openClient(rig.callerPort);
      for (const part of splitAt(text, places)) {
        client.stream.write(part);
        await new Promise(setImmediate);
      }
      const expected = sequence.map(({ owner }, index) => `${owner} /${index}`);
      const answers = (): string[] =>
        [...client.text().matchAll(/\r\n\r\n(?:[0-9a-f]+\r\n)?(\w+ \/\d+)/g)].map(
          ([, answer]) => answer ?? '',
        );
      await waitFor('all answers', () => answers().length >= expected.length, { timeoutMs: 30_000 });
      client.stream.destroy();
      assert.deepEqual(answers(), expected);
    }),
    { numRuns: 60 },
  );
});
