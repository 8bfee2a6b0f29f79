/**
 * A daemon without a cluster, as a process: `connect` and `intercept` succeed and can be held. It writes what happens to
 * the file that `TP_TEST_EVENTS` names, a word per line.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { daemonPaths } from '../../../src/contract/index.ts';
import { nullLogger } from '../../../src/core/index.ts';
import {
  startApiServer,
  type ApiServer,
  type OperationContext,
  type OperationHandlers,
} from '../../../src/daemon/api-server.ts';
import { fakeConnection, fakeInterceptResult } from '../fake-connection.ts';
import { createFakeOperations } from '../fake-operations.ts';

const eventsFile = process.env['TP_TEST_EVENTS'] ?? '/dev/null';

function record(event: string): void {
  appendFileSync(eventsFile, `${event}\n`);
}

/** Each daemon has another proxy than the one before. */
function choosePort(): number {
  const events = existsSync(eventsFile) ? readFileSync(eventsFile, 'utf8') : '';
  return fakeConnection.proxy.port + (events.match(/^serving-/gm)?.length ?? 0);
}
const connection = { ...fakeConnection, proxy: { host: '127.0.0.1', port: choosePort() } };

/** Settles when the caller goes away or `tp leave` comes. */
function hold({ signal }: OperationContext, what: string): Promise<void> {
  record(`held-${what}`);
  return new Promise((resolve) => {
    const release = (): void => {
      if (releases.delete(release)) record(`released-${what}`);
      resolve();
    };
    signal.addEventListener('abort', release);
    releases.add(release);
  });
}
const releases = new Set<() => void>();

const operations: Partial<OperationHandlers> = {
  list: () => Promise.resolve({ result: [] }),
  connect: ({ hold: isHeld }, context) =>
    Promise.resolve({
      result: connection,
      held: isHeld ? hold(context, 'connect') : undefined,
    }),
  intercept: ({ hold: isHeld }, context) =>
    Promise.resolve({
      result: { ...fakeInterceptResult, connection },
      held: isHeld ? hold(context, 'intercept') : undefined,
    }),
  leave: ({ name }) => {
    record('leave');
    for (const release of releases) release();
    return Promise.resolve({ result: { name, openConnections: 0 } });
  },
  quit: () => {
    setImmediate(() => void server?.close());
    return Promise.resolve({ result: { ended: [] } });
  },
};

let server: ApiServer | undefined;
try {
  const socketPath = daemonPaths(process.env).socket;
  server = await startApiServer({
    socketPath,
    operations: createFakeOperations(operations),
    logger: nullLogger,
  });
  record(`serving-${process.pid}`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
