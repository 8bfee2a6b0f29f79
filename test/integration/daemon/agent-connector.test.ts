import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nullLogger, systemClock } from '../../../src/core/index.ts';
import { createAgentConnector } from '../../../src/daemon/agent-connector.ts';
import { raises } from '../../support/assert-raises.ts';
import { createWorkload } from '../../support/intercepted-workload.ts';
import { createTcpDialer } from '../../../src/net/index.ts';
import { openClient, startServer } from '../../support/sockets.ts';

test('a tunnel that takes no intercepted connection lets the application answer', async (t) => {
  await using app = await startServer((socket) => socket.end('app'));
  const workload = await createWorkload(t);
  const pod = await workload.startPod('web-1', { appPort: app.port });
  const connector = createAgentConnector({ kube: workload.kube, clock: systemClock, logger: nullLogger });
  const reasons: string[] = [];
  const tunnel = await connector.connect('web-1', {
    onFallback: (reason) => reasons.push(reason),
    signal: t.signal,
  });
  const ports = [{ protocol: 'TCP', appPort: app.port }] as const;
  await tunnel.request({ kind: 'claim', interceptId: 'x', ports: [...ports] });
  const client = await openClient(pod.callerPort);
  client.stream.end();
  await client.closed;
  assert.equal(client.text(), 'app');
  assert.equal(reasons.length, 1);
  await tunnel.close();
});

test('an agent that cuts the handshake is unreachable; an aborted attempt says why it was aborted', async (t) => {
  await using silent = await startServer(() => undefined);
  await using cutting = await startServer((socket) => socket.destroy());
  const workload = await createWorkload(t);
  const dialer = createTcpDialer({ clock: systemClock });
  const kube = {
    ...workload.kube,
    portForward: ({ pod }: { pod: string }, { signal }: { signal: AbortSignal }) =>
      dialer.dial({ host: '127.0.0.1', port: pod === 'silent' ? silent.port : cutting.port }, { signal }),
  };
  const connector = createAgentConnector({ kube, clock: systemClock, logger: nullLogger });
  const connecting = connector.connect('cutting', { signal: t.signal });
  await assert.rejects(connecting, raises('AGENT_UNREACHABLE', /cutting/));

  const caller = new AbortController();
  const waiting = assert.rejects(connector.connect('silent', { signal: caller.signal }), /gone/);
  caller.abort(new Error('gone'));
  await waiting;
});
