import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Duplex } from 'node:stream';
import { ClaimTable, type HeldClaim } from '../../../agent/claims.ts';
import { dialApp, dialLaptop, type TargetOptions } from '../../../agent/targets.ts';
import type { ControlEvent, InterceptedHeader, TakenPort } from '../../../src/contract/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import { createError } from '../../../src/errors/index.ts';
import type { AgentSession } from '../../../src/tunnel/index.ts';
import { createDuplexPair } from '../../support/duplex-pair.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const port: TakenPort = {
  protocol: 'TCP',
  listenPort: 9000,
  appPort: 8080,
  appContainer: 'web',
  redirect: 'service',
};
const client = { remoteAddress: '10.0.0.7', remotePort: 4711 };

function startOptions(dialApplication: () => Promise<Duplex>): TargetOptions {
  const { signal } = new AbortController();
  const app = { dial: dialApplication };
  return { port, app, clock: createFakeClock(), logger: nullLogger, signal };
}

function claimFor(open: (header: InterceptedHeader) => Promise<Duplex>): {
  claim: HeldClaim;
  events: ControlEvent[];
} {
  const events: ControlEvent[] = [];
  const session = {
    client: { sessionId: 'alice', name: 'alice', version: '0' },
    openIntercepted: open,
    notify: (event: ControlEvent) => events.push(event),
  } as unknown as AgentSession;
  const claims = new ClaimTable('deploy/web', [port]);
  claims.claim(session, { interceptId: 'i1', ports: [port] });
  return { claim: claims.find(port) as HeldClaim, events };
}

test('dialLaptop() tells who calls, and counts until the target is left', async () => {
  const { a: stream } = createDuplexPair();
  const headers: InterceptedHeader[] = [];
  const { claim } = claimFor((header) => {
    headers.push(header);
    return Promise.resolve(stream);
  });
  const options = startOptions(() => Promise.reject(new Error('not asked')));
  const target = await dialLaptop(client, claim, options);
  assert.equal(target?.stream, stream);
  assert.equal(target.claim, claim);
  assert.deepEqual(headers, [
    {
      kind: 'intercepted',
      protocol: 'TCP',
      interceptId: 'i1',
      appPort: 8080,
      source: { host: '10.0.0.7', port: 4711 },
    },
  ]);
  assert.equal(claim.openConnections, 1);
  target.leave();
  target.leave();
  assert.equal(claim.openConnections, 0);
  assert.equal(stream.writableEnded, true);
});

test('dialLaptop() tells the laptop when it does not take the connection', async () => {
  const { claim, events } = claimFor(() =>
    Promise.reject(createError('NET_REFUSED', { target: 'localhost:80' })),
  );
  const options = startOptions(() => Promise.reject(new Error('not asked')));
  assert.equal(await dialLaptop(client, claim, options), undefined);
  assert.equal(claim.openConnections, 0);
  assert.deepEqual(events, [
    { kind: 'fallback', interceptId: 'i1', appPort: 8080, reason: 'Connection to localhost:80 refused' },
  ]);
});

test('dialApp() gives a target without a claim, whose errors end nothing', async () => {
  const { a: stream } = createDuplexPair();
  const target = await dialApp(startOptions(() => Promise.resolve(stream)));
  assert.equal(target?.claim, undefined);
  assert.equal(target?.stream.emit('error', new Error('reset')), true);
});

test('dialApp() gives nothing when the application is down', async () => {
  const refused = createError('NET_REFUSED', { target: '127.0.0.1:8080' });
  assert.equal(await dialApp(startOptions(() => Promise.reject(refused))), undefined);
});
