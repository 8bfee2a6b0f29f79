/** Operations of the local API without a cluster behind them: each fails unless the test says what it does. */
import { requestSchemas, VERSION, type DaemonStatus, type OperationName } from '../../src/contract/index.ts';
import type { OperationHandlers } from '../../src/daemon/api-server.ts';
import { createError } from '../../src/errors/index.ts';

export function createFakeOperations(handlers: Partial<OperationHandlers> = {}): OperationHandlers {
  const operations = Object.keys(requestSchemas).map((name) => [
    name as OperationName,
    (): Promise<never> => Promise.reject(createError('NOT_CONNECTED', {})),
  ]);
  return {
    ...(Object.fromEntries(operations) as OperationHandlers),
    status: () => Promise.resolve({ result: createFakeStatus() }),
    ...handlers,
  };
}

export function createFakeStatus(fields: Partial<DaemonStatus> = {}): DaemonStatus {
  return {
    version: VERSION,
    apiVersion: 1,
    pid: process.pid,
    logFile: '/nowhere/daemon.log',
    connections: [],
    ...fields,
  };
}
