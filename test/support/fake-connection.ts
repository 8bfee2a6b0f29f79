/** Results of the local API with every field filled, as a daemon would give them. */
import type { ConnectionStatus, InterceptResult, InterceptStatus } from '../../src/contract/index.ts';

export const fakeIntercept: InterceptStatus = {
  name: 'web',
  workload: 'deploy/web',
  attach: 'sidecar',
  ports: [
    {
      protocol: 'TCP',
      localAddress: '127.0.0.1',
      localPort: 8080,
      containerPort: 80,
      container: 'app',
      services: ['web:80'],
      redirect: 'port-name',
      reason: 'the Service names its target port',
    },
  ],
  pods: [{ name: 'web-1', state: 'intercepted' }],
  since: '2026-01-01T00:00:00.000Z',
  connections: { open: 2, total: 57, fallbacks: 1 },
};

export const fakeConnection: ConnectionStatus = {
  context: 'staging',
  namespace: 'shop',
  server: 'https://10.0.0.1:6443',
  state: 'connected',
  via: 'pod/tp-gateway',
  proxy: { host: '127.0.0.1', port: 41080 },
  forwards: [{ address: '127.0.0.1', localPort: 0, boundPort: 5432, host: 'db', port: 5432 }],
  intercepts: [],
  warnings: [],
  since: '2026-01-01T00:00:00.000Z',
};

export const fakeInterceptResult: InterceptResult = {
  ...fakeIntercept,
  connection: fakeConnection,
  container: 'app',
  environment: { DATABASE: 'db:5432', GREETING: "it's here" },
};
